import { randomBytes } from "node:crypto";
import { SessionError } from "../errors.ts";
import { toBase64Url } from "../crypto/bytes.ts";

/** How session ids are made and known again. */
export interface Ids {
  create(): string;
  /** Whether a browser's text could be an id of ours. Anything else never reaches a store. */
  isId(text: string): boolean;
  /** The key that a store knows an id by. */
  keyOf(id: string): string;
}

/** Random bytes in URL-safe base64: 32 of them are 43 characters. Throws if the source of randomness does not work. */
export function randomId(bytes: number): string {
  const random = randomBytes(bytes);
  if (bytes >= 8 && random.every((byte) => byte === random[0])) {
    throw new SessionError("CONFIG", "the system's source of randomness repeats itself; no session can be made safely");
  }
  return toBase64Url(random);
}

const STAMP_BYTES = 9;
const STAMPS_AT_ONCE = 256;
let stamps: Uint8Array = new Uint8Array();
let stamped = 0;

/**
 * What two processes never make alike: 12 characters. No secret, so its random bytes are taken many at a time; the source
 * takes as long for few.
 */
export function newStamp(): string {
  if (stamped === stamps.length) [stamps, stamped] = [randomBytes(STAMP_BYTES * STAMPS_AT_ONCE), 0];
  return toBase64Url(stamps.subarray(stamped, (stamped += STAMP_BYTES)));
}
