/** The runtimes that are like Node: how a program is run in each, and what each says of its cases. */
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import type { RuntimeName } from "../../scripts/engines/index.mjs";
import type { Outcome } from "./program/cases.ts";

export type NodeLike = Exclude<RuntimeName, "workerd">;

/** What comes before the program on a command line. All of them are told to download nothing. */
export const COMMANDS: Readonly<Record<NodeLike, readonly string[]>> = {
  node20: [],
  node22: [],
  node24: [],
  node26: [],
  bun: ["--no-install"],
  deno: ["run", "--allow-all", "--cached-only", "--no-config", "--no-lock", "--node-modules-dir=manual"],
};

/** How many milliseconds a runtime has for all suites. */
const PATIENCE = 300_000;

/** Runs the program of `program/main.ts`, and gives what became of its cases. */
export async function outcomesIn(
  runtime: NodeLike,
  path: string,
  program: string,
  env: Readonly<Record<string, string>>,
): Promise<Outcome[]> {
  const vectors = resolve(import.meta.dirname, "../vectors");
  const { stdout, stderr } = await promisify(execFile)(path, [...COMMANDS[runtime], program, vectors], {
    env: { ...process.env, DENO_NO_UPDATE_CHECK: "1", ...env },
    timeout: PATIENCE,
    killSignal: "SIGKILL",
    maxBuffer: 2 ** 26,
  });
  return outcomesFrom(stdout, stderr);
}

/** The outcomes in the lines that a program printed. Throws unless it came to its end. */
export function outcomesFrom(printed: string, complaints = ""): Outcome[] {
  const lines = printed.trim().split("\n");
  if (lines.pop() !== "done") throw new Error(`the program did not come to its end:\n${printed}${complaints}`);
  return lines.map((line) => JSON.parse(line) as Outcome);
}
