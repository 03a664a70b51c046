/** Names for claims, which tell every process whose a claim is, what it is for, and whether its process has ended. */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { codeOf } from "./failures.ts";

/** What a claim is for. */
export type Purpose = "write" | "remove";

const TOKEN = /^(?<machine>[0-9a-f]{8})-(?<pid>\d+)-(?<start>\d+)-(?<purpose>write|remove)-[0-9a-f]{16}$/;

/** Where a process number means something: on this host since its last start, in this container. */
const MACHINE = createHash("sha256")
  .update(hostname())
  .update(ifTold(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")))
  .update(ifTold(() => readlinkSync("/proc/self/ns/pid")))
  .digest("hex")
  .slice(0, 8);

/** The state of a process and when it began, in the text that Linux tells of it. */
const STAT = /\) (?<state>\S)(?: \S+){18} (?<start>\d+)[^)]*$/;

/** What stands for the start of a process where nobody tells it. */
const UNTOLD = "0";

const START = startOf(process.pid);

/** A name that no other claim has. */
export function tokenFor(purpose: Purpose): string {
  return `${MACHINE}-${process.pid}-${START}-${purpose}-${randomBytes(8).toString("hex")}`;
}

/** Whether the claim is one to remove. */
export function removes(token: string): boolean {
  return read(token)["purpose"] === "remove";
}

/** Whether this machine can tell if the claim's process has ended. */
export function isLocal(token: string): boolean {
  return read(token)["machine"] === MACHINE;
}

/** Whether the claim's process has certainly ended. Its number may have been given to another one meanwhile. */
export function isDead(token: string): boolean {
  if (!isLocal(token)) return false;
  const { pid, start = UNTOLD } = read(token);
  if (!isRunning(Number(pid))) return true;
  const found = startOf(Number(pid));
  return found !== start && found !== UNTOLD && start !== UNTOLD;
}

/** When a process began, in ticks since the machine's start; of one that has ended and is not buried, a word. */
function startOf(pid: number): string {
  const { state, start = UNTOLD } = STAT.exec(ifTold(() => readFileSync(`/proc/${pid}/stat`, "latin1")))?.groups ?? {};
  return state === "Z" ? "ended" : start;
}

/** What only Linux tells, and not everywhere. */
function ifTold(tell: () => string): string {
  try {
    return tell();
  } catch {
    return "";
  }
}

function read(token: string): Record<string, string> {
  return TOKEN.exec(token)?.groups ?? {};
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}
