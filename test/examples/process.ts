/** An example as a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

/** What `node --import` is given to run TypeScript from any folder. */
export const TSX = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
/** How many milliseconds a process has to end when told to. */
const PATIENCE = 10_000;

export interface Spawned {
  readonly child: ChildProcess;
  /** What it has printed so far. */
  output(): string;
}

/** Starts Node in a folder. Nothing of our own environment reaches it but what finds programs. */
export function spawnNode(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Spawned {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { PATH: process.env["PATH"], NEXT_TELEMETRY_DISABLED: "1", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const chunks: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => chunks.push(String(chunk)));
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("exit", () => process.off("exit", kill));
  return { child, output: () => chunks.join("") };
}

/** Where it listens, as soon as it says so. Rejects with what it printed when it ended instead. */
export function urlIn({ child, output }: Spawned): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.on("data", () => {
      const url = /http:\/\/[\w.:]+/.exec(output())?.[0];
      if (url !== undefined) resolve(url);
    });
    child.once("close", () => reject(new Error(`the example ended:\n${output()}`)));
  });
}

/** Ends it as `kill` does, and gives its exit code. */
export async function end({ child }: Spawned): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  child.kill("SIGTERM");
  const late = setTimeout(() => child.kill("SIGKILL"), PATIENCE);
  await once(child, "exit");
  clearTimeout(late);
  return child.exitCode;
}
