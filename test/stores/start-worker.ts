import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Starts `<store>-worker.ts` for a job, with pipes for stdin and stdout. */
export function startWorker(store: string, job: string, ...rest: string[]): ChildProcess {
  const file = fileURLToPath(new URL(`${store}-worker.ts`, import.meta.url));
  const args = ["--expose-gc", "--import", "tsx", file, job, ...rest];
  return spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
}
