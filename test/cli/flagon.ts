/** Runs `flagon` as a process of its own, in a folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const MAIN = join(import.meta.dirname, "../../src/cli/main.ts");
const TSX = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;

/** What a run said, and its exit code. */
interface Ran {
  out: string;
  err: string;
  code: number | null;
}

/** A run that goes on. */
export interface Running {
  readonly child: ChildProcess;
  /** What it has said so far on the standard output. */
  out(): string;
  /** And on the standard error. */
  err(): string;
  readonly ended: Promise<Ran>;
}

export async function flagon(cwd: string, ...args: string[]): Promise<Ran> {
  return startFlagon(cwd, ...args).ended;
}

export function startFlagon(cwd: string, ...args: string[]): Running {
  const child = spawn(process.execPath, ["--import", TSX, MAIN, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
  const said = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said.err += text));
  const ended = once(child, "close").then(([code]) => ({ ...said, code: code as number | null }));
  return { child, out: () => said.out, err: () => said.err, ended };
}
