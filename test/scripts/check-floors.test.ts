import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

const SCRIPT = join(import.meta.dirname, "../../scripts/check-floors.mjs");

describe("check-floors", () => {
  test("lets imports go down", () => {
    const { status, stdout } = check({
      "store.ts": "export interface Store {}",
      "stores/internal/lock.ts": 'import "./other.ts";',
      "stores/file.ts": 'import type { Store } from "../store.ts"; import "./internal/lock.ts"; import "node:fs";',
      "adapters/express.ts": 'import type { Request } from "express"; const load = () => import("express/lib");',
      "cli/config.ts": "const load = (file: string) => import(file);",
      "cli/main.ts": 'import { Command } from "commander";',
    });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });

  const planted: [what: string, file: string, text: string, fault: string][] = [
    ["up", "store.ts", 'export * from "./core/a.ts";', ":1: store.ts may not import core/a.ts"],
    ["sideways", "stores/a.ts", '\nimport "./b.ts";', ":2: stores/ may not import stores/b.ts"],
    ["of the other wing", "stores/b.ts", 'import "../core/a.ts";', ":1: stores/ may not import core/a.ts"],
    ["for a type alone", "core/a.ts", 'import type { T } from "../cli/a.ts";', ":1: core/ may not import cli/a.ts"],
    ["inside of a type", "core/b.ts", 'type T = import("../cli/a.ts").T;', ":1: core/ may not import cli/a.ts"],
    ["out of src", "core/c.ts", 'import "../../test/a.ts";', ":1: core/ may not import ../test/a.ts"],
    ["of a package", "codecs/a.ts", 'import "lodash";', ":1: codecs/ may not import the package lodash"],
    [
      "of another's dependency",
      "codecs/c.ts",
      'import "commander";',
      ":1: codecs/ may not import the package commander",
    ],
    ["of a peer below", "codecs/b.ts", 'import("express");', ":1: codecs/ may not import the package express"],
    ["of a peer for good", "adapters/a.ts", 'import "express";', ":1: adapters/ imports the optional peer express"],
    ["of the runtime on the ground", "clock.ts", 'import "node:fs";', ":1: clock.ts may not import node:fs"],
    ["on no floor", "misc/a.ts", "", ": stands on no floor"],
  ];
  const { status, stdout } = check(Object.fromEntries(planted.map(([, file, text]) => [file, text])));

  test.each(planted)("finds an import %s", (_what, file, _text, fault) => {
    expect(stdout).toContain(`src/${file}${fault}`);
  });

  test("fails by as many lines as there are faults", () => {
    expect(stdout.trimEnd().split("\n")).toHaveLength(planted.length);
    expect(status).toBe(1);
  });
});

/** Runs the script over a package of these files under src/. */
function check(files: Record<string, string>): { status: number | null; stdout: string } {
  const root = mkdtempSync(join(tmpdir(), "flagon-floors-"));
  writeFileSync(join(root, "package.json"), JSON.stringify({ peerDependencies: { express: "*" } }));
  for (const [name, text] of Object.entries(files)) {
    const path = join(root, "src", name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const result = spawnSync(process.execPath, [SCRIPT, root], { encoding: "utf8" });
  rmSync(root, { recursive: true });
  return result;
}
