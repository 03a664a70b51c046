/** The documents of sessions in MongoDB, which are Flask-Session's. */
import type { Entry } from "../../store.ts";
import { NEVER } from "./never.ts";

/** The largest value, in bytes: a swap sends two in one command, which has room for 16 MiB. */
const MAX_VALUE = 8_000_000;

/** What a live document is found by. */
export function live(key: string, now: number): object {
  return { id: key, expiration: { $gt: new Date(now) } };
}

/** The entry of a document, unless it has expired. Throws for one that nobody made who keeps sessions. */
export function liveEntryOf(document: object, now: number): Entry | undefined {
  const { val, expiration } = document as { val?: unknown; expiration?: unknown };
  if (!(expiration instanceof Date) || isPast(expiration.getTime(), now)) return undefined;
  if (!isBinary(val)) throw new Error("a document of the session store holds no binary `val` of subtype 0");
  return { value: val.buffer.subarray(0, val.position), expiresAt: expiration.getTime() };
}

/** What the driver reads bytes as. */
interface Binary {
  readonly sub_type: number;
  readonly buffer: Uint8Array;
  readonly position: number;
}

function isBinary(val: unknown): val is Binary {
  return (val as Partial<Binary> | null | undefined)?.sub_type === 0;
}

/** Whether a deadline has come. One that is no number has. */
export function isPast(expiresAt: number, now: number): boolean {
  return !(dateOf(expiresAt).getTime() > now);
}

/** A deadline as MongoDB keeps it: what is below a millisecond is cut off. */
export function dateOf(expiresAt: number): Date {
  return new Date(Math.min(expiresAt, NEVER));
}

/** Bytes that stay what they are until the driver sends them. Of what is too large it would say something obscure. */
export function copyOf(value: Uint8Array): Buffer {
  if (value.byteLength <= MAX_VALUE) return Buffer.from(value);
  throw new RangeError(`a session of ${value.byteLength} bytes is too large: in MongoDB it may have ${MAX_VALUE}`);
}

/** The key of a document; `undefined` for one that is no session's. */
export function keyOf(document: object): string | undefined {
  const { id, val } = document as { id?: unknown; val?: unknown };
  return typeof id === "string" && isBinary(val) ? id : undefined;
}
