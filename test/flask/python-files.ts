/** Python's files of sessions, and a store that adopts them. */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, systemClock } from "../../src/clock.ts";
import { adopting } from "../../src/flask/adopting.ts";
import { FORMERS } from "../../src/flask/codec.ts";
import type { Listable, Store, Sweepable } from "../../src/store.ts";
import { fileStore } from "../../src/stores/file.ts";

/** `{"user": "ada"}`, pickled. */
export const ADA = Buffer.from("\x80\x04}\x94\x8c\x04user\x94\x8c\x03ada\x94s.", "latin1");

/** Where Python has the file of a key: with the hash of cachelib before 0.17, or since. */
export function pythonPath(directory: string, key: string, hash = "md5"): string {
  return join(directory, createHash(hash).update(key).digest("hex"));
}

/** Writes a file as Python does. The expiry is in seconds. */
export function putFile(path: string, expiry: number, body: Uint8Array = ADA): void {
  const header = Buffer.alloc(4);
  header.writeUInt32LE(expiry);
  writeFileSync(path, Buffer.concat([header, body]), { mode: 0o600 });
}

type OwnStore = Store & Listable & Sweepable;

/** A file store that adopts what is pickled; `wrap` comes between the two. */
export function adoptingStore(
  directory: string,
  clock: Clock = systemClock,
  wrap: (store: OwnStore) => OwnStore = (store) => store,
): OwnStore {
  const store = wrap(fileStore({ directory, clock, sweepEvery: 0 }));
  return adopting(store, { directory, decode: FORMERS.pickle, lifetime: 60, clock });
}
