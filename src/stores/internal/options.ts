import { inspect } from "node:util";
import { SessionError } from "../../errors.ts";

/** Throws `CONFIG` for anything but a whole number from `least` to `most`. */
export function checkWhole(option: string, value: unknown, least: number, most: number): void {
  if (Number.isInteger(value) && least <= Number(value) && Number(value) <= most) return;
  throw new SessionError("CONFIG", `${option} is ${inspect(value)}; give a whole number from ${least} to ${most}`);
}

/** Throws `CONFIG` for anything but a number of seconds from `least` to `most`. */
export function checkSeconds(option: string, value: unknown, least: number, most: number): void {
  if (typeof value === "number" && least <= value && value <= most) return;
  throw new SessionError("CONFIG", `${option} is ${inspect(value)}; give seconds, from ${least} to ${most}`);
}

/** Throws `CONFIG` for a clock that cannot tell the time. */
export function checkClock(clock: unknown): void {
  if (typeof (clock as { now?: unknown } | null)?.now === "function") return;
  throw new SessionError("CONFIG", `clock is ${inspect(clock)}; give an object whose now() is in epoch milliseconds`);
}

/** Throws `CONFIG` for a prefix that is no text. */
export function checkPrefix(prefix: unknown): void {
  if (typeof prefix === "string") return;
  throw new SessionError("CONFIG", `prefix is ${inspect(prefix)}; give a string, '' for none`);
}
