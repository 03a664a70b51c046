/**
 * One entry as the bytes of a file:
 *
 * | bytes | hold |
 * | --- | --- |
 * | 8 | `flagon`, 0, and the version of this format: 1 |
 * | 8 | checksum: the first bytes of the SHA-256 of the record's name and all that follows |
 * | 8 | the deadline, a big-endian double |
 * | 4 | length of the key |
 * | … | the key in UTF-8, then the value |
 *
 * The name is in the checksum, so a record that was moved to another name is none.
 */
import { createHash } from "node:crypto";
import { report } from "../../events.ts";
import type { Entry } from "../../store.ts";

const MAGIC = Buffer.from("flagon\0\u0001", "latin1");
const CHECKSUM_AT = MAGIC.byteLength;
const DEADLINE_AT = CHECKSUM_AT + 8;
const LENGTH_AT = DEADLINE_AT + 8;
const KEY_AT = LENGTH_AT + 4;

/** What a record holds. */
export interface Stored {
  key: string;
  entry: Entry;
}

/** The name of a key's record. */
export function nameOf(key: string): string {
  return createHash("sha256").update(key).digest("hex");
}

/** The bytes of an entry's record. */
export function encodeRecord(name: string, { key, entry }: Stored): Uint8Array {
  const keyBytes = Buffer.from(key);
  const record = Buffer.alloc(KEY_AT + keyBytes.byteLength + entry.value.byteLength);
  record.set(MAGIC);
  record.writeDoubleBE(entry.expiresAt, DEADLINE_AT);
  record.writeUInt32BE(keyBytes.byteLength, LENGTH_AT);
  record.set(keyBytes, KEY_AT);
  record.set(entry.value, KEY_AT + keyBytes.byteLength);
  record.set(checksum(name, record), CHECKSUM_AT);
  return record;
}

/** What the record of a name holds. One that cannot be read is as none, and is told of. */
export function storedIn(name: string, bytes: Uint8Array | undefined): Stored | undefined {
  if (!bytes) return undefined;
  const record = decodeRecord(name, bytes);
  if ("entry" in record) return record;
  report({ type: "unreadable", key: name.slice(0, 16), reason: record.reason });
  return undefined;
}

/** The entry in a record's bytes, or why there is none. The value shares its bytes with the record. */
function decodeRecord(name: string, bytes: Uint8Array): Stored | { reason: string } {
  const record = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (record.byteLength < KEY_AT) return { reason: "short record" };
  if (!record.subarray(0, CHECKSUM_AT).equals(MAGIC)) return { reason: "foreign record" };
  if (!record.subarray(CHECKSUM_AT, DEADLINE_AT).equals(checksum(name, record))) return { reason: "damaged record" };
  const valueAt = KEY_AT + record.readUInt32BE(LENGTH_AT);
  return {
    key: record.toString("utf8", KEY_AT, valueAt),
    entry: { value: record.subarray(valueAt), expiresAt: record.readDoubleBE(DEADLINE_AT) },
  };
}

function checksum(name: string, record: Buffer): Buffer {
  return createHash("sha256").update(name).update(record.subarray(DEADLINE_AT)).digest().subarray(0, 8);
}
