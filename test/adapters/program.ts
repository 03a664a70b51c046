/** Programs of their own: what they declare would hold for every file of ours. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "flagon-types-"));
afterAll(() => rmSync(folder, { recursive: true }));

const COMPILER = resolve("node_modules/@typescript/native/bin/tsc");

const OPTIONS = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  target: "es2023",
  lib: ["es2023"],
  module: "esnext",
  moduleResolution: "bundler",
  esModuleInterop: true,
  allowImportingTsExtensions: true,
  types: ["node"],
  typeRoots: [resolve("node_modules/@types")],
};

/** What the compiler says of a program. `files`: where the modules are that it imports, by their names. */
export function complaintsOf(program: string, files: Readonly<Record<string, string>>): string {
  const place = mkdtempSync(join(folder, "program-"));
  const paths = Object.fromEntries(Object.entries(files).map(([name, file]) => [name, [resolve(file)]]));
  writeFileSync(join(place, "app.ts"), program);
  writeFileSync(
    join(place, "tsconfig.json"),
    JSON.stringify({ compilerOptions: { ...OPTIONS, paths }, include: ["app.ts"] }),
  );
  const { stdout, status } = spawnSync(process.execPath, [COMPILER, "-p", place], { encoding: "utf8" });
  return status === 0 ? stdout : `${stdout}the compiler ended with ${status}`;
}
