import { SessionError } from "../errors.ts";
import { bytesOf } from "./bytes.ts";

/** A secret key: a text (taken as UTF-8) or bytes. */
export type Secret = string | Uint8Array;

/** Secret keys by their roles: their order means nothing. */
export interface Keys {
  /** Signs and seals; at least 32 bytes. */
  current: Secret;
  /** Still verified and unsealed; what they made is made anew with `current`. Default: none. */
  previous?: readonly Secret[];
}

/** The bytes of all keys, the current one first. */
export type KeyRing = readonly [current: Uint8Array, ...previous: Uint8Array[]];

const HOW = `make one with: node -p "require('crypto').randomBytes(32).toString('base64url')"`;
const LEAST_BYTES = 32;
const LEAST_VARIETY = 8;
const EXAMPLES = /secret[ _-]?key|change[ _-]?(me|this)|keyboard cat|your[ _-]?secret|guess|password|example/i;

/**
 * The keys as bytes, once they were found strong enough.
 *
 * Throws `CONFIG` for a missing key, one of fewer than 32 bytes, one with fewer than 8 different bytes, or one that
 * reads like the example of a manual.
 */
export function keyRing(keys: Keys | undefined): KeyRing {
  if (keys?.current === undefined || keys.current === null) {
    throw new SessionError("CONFIG", `keys.current is missing; ${HOW}`);
  }
  const previous = keys.previous ?? [];
  return [
    checkedKey("keys.current", keys.current),
    ...previous.map((key, n) => checkedKey(`keys.previous[${n}]`, key)),
  ];
}

function checkedKey(option: string, key: unknown): Uint8Array {
  if (typeof key !== "string" && !(key instanceof Uint8Array)) {
    throw new SessionError("CONFIG", `${option} is ${typeof key}; give a text or bytes, ${HOW}`);
  }
  const bytes = bytesOf(key);
  if (bytes.byteLength < LEAST_BYTES) {
    throw new SessionError("CONFIG", `${option} has ${bytes.byteLength} bytes; give at least ${LEAST_BYTES}, ${HOW}`);
  }
  if (new Set(bytes).size < LEAST_VARIETY || (typeof key === "string" && EXAMPLES.test(key))) {
    throw new SessionError("CONFIG", `${option} can be guessed; ${HOW}`);
  }
  return Uint8Array.from(bytes);
}
