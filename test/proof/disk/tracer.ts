/** Lets `strace` see what a process does, system call by system call, and lets one of them fail. Linux only. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setImmediate as nextTurn } from "node:timers/promises";

/** The nth call of a name is not made, and ends with this error. */
export interface Fault {
  readonly call: string;
  readonly nth: number;
  readonly error: string;
}

/**
 * Waits until a process has stopped itself, and traces it until it stops again. Gives the lines of `strace`; the process
 * goes on. Only its main thread is seen: that is where synchronous calls are made.
 */
export async function traced(child: ChildProcess, strace: string, fault?: Fault): Promise<string[]> {
  while (!isStopped(child)) await nextTurn();
  const injection = fault ? ["-e", `inject=${fault.call}:error=${fault.error}:when=${fault.nth}`] : [];
  const args = ["-y", "-e", "trace=%file,%desc", ...injection, "-p", String(child.pid)];
  const tracer = spawn(strace, args, { stdio: ["ignore", "ignore", "pipe"] });
  const gone = once(tracer, "close");
  const lines: string[] = [];
  let stops = 0;
  for await (const line of createInterface({ input: tracer.stderr })) {
    lines.push(line);
    if (!line.includes("--- stopped by SIGSTOP ---")) continue;
    if (stops++ === 0) child.kill("SIGCONT");
    else tracer.kill("SIGTERM");
  }
  await gone;
  child.kill("SIGCONT");
  return lines;
}

function isStopped({ pid, exitCode, signalCode }: ChildProcess): boolean {
  if (exitCode !== null || signalCode !== null) throw new Error("the process has ended");
  return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") T ");
}
