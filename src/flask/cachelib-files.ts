/** The files that Python leaves for `SESSION_TYPE` `filesystem` and `cachelib`: cachelib's `FileSystemCache`. */
import { createHash } from "node:crypto";
import { unlinkSync } from "node:fs";
import { join } from "node:path";
import { report } from "../events.ts";
import { unless } from "../stores/internal/failures.ts";
import { readPlainFile } from "../stores/internal/plain-file.ts";

/** What one file holds. */
export interface CachelibFile {
  /** The last second in which it is valid, since the epoch; 0: it always is. */
  expiry: number;
  /** The session as its serializer wrote it. */
  body: Uint8Array;
}

/** A session has no more bytes. */
const MAX_BYTES = 2 ** 24;
const HEADER_BYTES = 4;
/** What names a file after its key: since cachelib 0.17, and before. */
const HASHES = ["sha256", "md5"];

/** Python's file for a key; `undefined` where there is none, or one that no session can be in. */
export function readCachelibFile(directory: string, key: string): CachelibFile | undefined {
  for (const path of pathsOf(directory, key)) {
    const bytes = readPlainFile(path, MAX_BYTES, (what) => refuse(path, what));
    if (!bytes) continue;
    if (bytes.byteLength < HEADER_BYTES) return undefined;
    // Python writes the byte order of its machine, which is this one on all that anyone uses.
    return { expiry: bytes.readUInt32LE(), body: bytes.subarray(HEADER_BYTES) };
  }
  return undefined;
}

/** Removes Python's file for a key, if there is one. */
export function removeCachelibFile(directory: string, key: string): void {
  for (const path of pathsOf(directory, key)) unless(["ENOENT"], () => unlinkSync(path));
}

function pathsOf(directory: string, key: string): string[] {
  return HASHES.map((hash) => join(directory, createHash(hash).update(key).digest("hex")));
}

function refuse(path: string, what: string): undefined {
  report({ type: "refused", reason: `${path} is ${what}` });
  return undefined;
}
