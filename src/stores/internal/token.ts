/** Names for claims, which tell every process whose a claim is, what it is for, and whether its process has ended. */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { codeOf } from "./failures.ts";

/** What a claim is for. */
export type Purpose = "write" | "remove";

const TOKEN = /^(?<machine>[0-9a-f]{8})-(?<pid>\d+)-(?<purpose>write|remove)-[0-9a-f]{16}$/;

/** Where a process number means something: on this host since its last start, in this container. */
const MACHINE = createHash("sha256")
  .update(hostname())
  .update(ifTold(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")))
  .update(ifTold(() => readlinkSync("/proc/self/ns/pid")))
  .digest("hex")
  .slice(0, 8);

/** A name that no other claim has. */
export function tokenFor(purpose: Purpose): string {
  return `${MACHINE}-${process.pid}-${purpose}-${randomBytes(8).toString("hex")}`;
}

/** Whether the claim is one to remove. */
export function removes(token: string): boolean {
  return read(token)["purpose"] === "remove";
}

/** Whether this machine can tell if the claim's process has ended. */
export function isLocal(token: string): boolean {
  return read(token)["machine"] === MACHINE;
}

/** Whether the claim's process has certainly ended. */
export function isDead(token: string): boolean {
  return isLocal(token) && !isRunning(Number(read(token)["pid"]));
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
