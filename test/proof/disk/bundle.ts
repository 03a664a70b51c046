/** A worker as plain JavaScript: many are started, and `tsx` would take ten times longer to start each. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const WORKER = fileURLToPath(new URL("disk-worker.ts", import.meta.url));
/** Packages are found from there. */
const CACHE = fileURLToPath(new URL("../../../node_modules/.cache", import.meta.url));

/** Starts `disk-worker.ts` for a job, through `command` if one is given, with pipes for stdin and stdout. */
export function startWorker(job: string, plan: object, command: readonly string[] = []): ChildProcess {
  const worker = [process.execPath, bundled(), job, JSON.stringify(plan)] as const;
  const [program, ...args] = [...command, ...worker];
  return spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
}

let folder: string | undefined;

/** Built once in a process. What a worker imports on demand stays apart. */
function bundled(): string {
  folder ??= build();
  return join(folder, "disk-worker.js");
}

function build(): string {
  mkdirSync(CACHE, { recursive: true });
  const outdir = mkdtempSync(join(CACHE, "flagon-proof-"));
  process.once("exit", () => rmSync(outdir, { recursive: true, force: true }));
  const options = { bundle: true, splitting: true, packages: "external", platform: "node", format: "esm" } as const;
  buildSync({ entryPoints: [WORKER], outdir, target: "node20", ...options });
  return outdir;
}
