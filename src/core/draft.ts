import type { Codec, Data } from "../codecs/codec.ts";
import { sameBytes } from "../crypto/bytes.ts";
import { dataOf } from "./session.ts";
import { stateOf } from "./state.ts";

/** A session's data as it would be saved. */
export interface Draft {
  data: Data;
  bytes: Uint8Array;
  /** Whether it differs from what was loaded, or is said to. */
  modified: boolean;
}

/** Encodes a session, and compares it with what it was loaded from. Throws `DATA` for what the codec cannot carry. */
export function draftOf(session: object, codec: Codec): Draft {
  const { loaded, modified, tracked } = stateOf(session);
  const data = dataOf(session);
  try {
    const bytes = codec.encode(data);
    const isSame = loaded && (sameBytes(loaded.bytes, bytes) || (tracked && saysTheSame(codec, loaded.bytes, bytes)));
    return { data, bytes, modified: modified ?? isSame !== true };
  } catch (error) {
    if (modified === true || !loaded || canEncode(codec, loaded.bytes)) throw error;
    return { data, bytes: loaded.bytes, modified: false };
  }
}

/** Whether a record of Python's, which may be of another format, has the same data in other bytes. */
function saysTheSame(codec: Codec, loaded: Uint8Array, bytes: Uint8Array): boolean {
  const before = codec.decode(loaded);
  return before !== undefined && sameBytes(codec.encode(before), bytes);
}

/** Whether a record could be written again: one that another format made may hold what this one cannot. */
function canEncode(codec: Codec, loaded: Uint8Array): boolean {
  try {
    const data = codec.decode(loaded);
    if (data) codec.encode(data);
    return true;
  } catch {
    return false;
  }
}

/** A text that stands for a value under its key, to compare it with another. */
export function fingerprintBy(codec: Codec): (key: unknown, value: unknown) => string {
  return (key, value) => {
    if (typeof value !== "object" || value === null) return `${typeof value} ${String(value)}`;
    return Buffer.from(codec.encode(new Map([[key, value]]))).toString("latin1");
  };
}
