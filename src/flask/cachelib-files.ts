/** The files that Python leaves for `SESSION_TYPE` `filesystem` and `cachelib`: cachelib's `FileSystemCache`. */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";
import { report } from "../events.ts";
import { codeOf, unless } from "../stores/internal/failures.ts";

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
/** No link is followed, and a FIFO does not hold a reader up. */
const READ = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;
/** What names a file after its key: since cachelib 0.17, and before. */
const HASHES = ["sha256", "md5"];

/** Python's file for a key; `undefined` where there is none, or one that no session can be in. */
export function readCachelibFile(directory: string, key: string): CachelibFile | undefined {
  for (const path of pathsOf(directory, key)) {
    const bytes = readFile(path);
    if (!bytes) continue;
    if (bytes.byteLength < HEADER_BYTES) return undefined;
    // Python writes the byte order of its machine, which is this one on all that anyone uses.
    return { expiry: bytes.readUInt32LE(), body: bytes.subarray(HEADER_BYTES) };
  }
  return undefined;
}

/** Removes Python's file for a key, if there is one. */
export function removeCachelibFile(directory: string, key: string): void {
  for (const path of pathsOf(directory, key)) unless(["ENOENT"], () => fs.unlinkSync(path));
}

function pathsOf(directory: string, key: string): string[] {
  return HASHES.map((hash) => join(directory, createHash(hash).update(key).digest("hex")));
}

function readFile(path: string): Buffer | undefined {
  const file = openFile(path);
  if (file === undefined) return undefined;
  try {
    const found = fs.fstatSync(file);
    return found.isFile() && found.size <= MAX_BYTES ? fs.readFileSync(file) : refuse(path);
  } finally {
    fs.closeSync(file);
  }
}

function openFile(path: string): number | undefined {
  try {
    return fs.openSync(path, READ);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    // What O_NOFOLLOW makes of a link, and what becomes of a socket.
    if (["ELOOP", "EMLINK", "ENXIO"].includes(codeOf(error) ?? "")) return refuse(path);
    throw error;
  }
}

function refuse(path: string): undefined {
  report({ type: "refused", reason: `${path} is no file of a session` });
  return undefined;
}
