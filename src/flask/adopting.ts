/**
 * Takes over the sessions that Python left as files, one by one, as their visitors come.
 *
 * A file is adopted under a claim: a record of ours that no other process can make at the same time, that ends by itself
 * if this process dies, and that only its maker can turn into the session. So a session that another process adopted and
 * ended meanwhile does not come back. The file goes before anyone sees the session; what a process left that was killed
 * in between goes with the next reading.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import type { Codec } from "../codecs/codec.ts";
import { report } from "../events.ts";
import type { Change, Entry, Listable, Store, Sweepable, Updated } from "../store.ts";
import { readCachelibFile, removeCachelibFile } from "./cachelib-files.ts";

/** Where Python's files are, and how they are read. */
export interface PythonFiles {
  directory: string;
  /** Throws, or gives nothing, for what is no session. */
  decode: Codec["decode"];
  /** How long a session lives whose file never expires, in seconds. */
  lifetime: number;
  clock: Clock;
}

type OwnStore = Store & Listable & Sweepable;

/** A store that finds Python's session where it has none itself, and makes it its own with what is left of its life. */
export function adopting(store: OwnStore, files: PythonFiles): OwnStore {
  return new AdoptingStore(store, files);
}

const CLAIM = "flagon adopts a session ";
/** Milliseconds after which a claim is void. */
const CLAIM_LIFETIME = 5000;
/** Milliseconds between two looks at what another process has claimed, and how many looks there are. */
const PAUSE = 5;
const MAX_LOOKS = 1200;

class AdoptingStore implements OwnStore {
  readonly #store: OwnStore;
  readonly #files: PythonFiles;

  constructor(store: OwnStore, files: PythonFiles) {
    this.#store = store;
    this.#files = files;
  }

  async create(key: string, entry: Entry): Promise<boolean> {
    const isTaken = this.#pythonEntry(key) !== undefined && (await this.read(key)) !== undefined;
    return isTaken ? false : this.#store.create(key, entry);
  }

  async read(key: string): Promise<Entry | undefined> {
    for (let looks = 0; looks < MAX_LOOKS; looks++) {
      const own = await this.#store.read(key);
      if (own && !isClaim(own)) return this.#withoutFile(key, own);
      if (!own && !this.#pythonEntry(key)) return undefined;
      if (!own && (await this.#adopt(key))) continue;
      await sleep(PAUSE);
    }
    throw new Error("another process is adopting the session, and does not end");
  }

  update(key: string, change: Change): Promise<Updated> {
    return this.#store.update(key, change);
  }

  /** First Python's file: what remains after a failure is the session as it was, and none that comes back. */
  async delete(key: string): Promise<boolean> {
    const isPythons = this.#pythonEntry(key) !== undefined;
    removeCachelibFile(this.#files.directory, key);
    return (await this.#store.delete(key)) || isPythons;
  }

  list(): AsyncIterable<[key: string, entry: Entry]> {
    return this.#store.list();
  }

  deleteExpired(): Promise<number> {
    return this.#store.deleteExpired();
  }

  /** Makes Python's session ours. `false` when another process is at it. */
  async #adopt(key: string): Promise<boolean> {
    const value = Buffer.from(CLAIM + randomUUID());
    const isOurs = await this.#store.create(key, { value, expiresAt: this.#now + CLAIM_LIFETIME });
    if (!isOurs) return false;
    // What was read before the claim may have been adopted and ended since.
    const entry = this.#pythonEntry(key) ?? { value, expiresAt: 0 };
    const { done } = await this.#store.update(key, { before: value, ...entry });
    return done;
  }

  #withoutFile(key: string, own: Entry): Entry {
    removeCachelibFile(this.#files.directory, key);
    return own;
  }

  /** What Python left, if it is valid and can be read. */
  #pythonEntry(key: string): Entry | undefined {
    const { directory, lifetime } = this.#files;
    const file = readCachelibFile(directory, key);
    if (!file) return undefined;
    // The last second counts; an entry of ours ends at its deadline.
    const expiresAt = file.expiry === 0 ? this.#now + lifetime * 1000 : file.expiry * 1000 + 1;
    const isSession = expiresAt > this.#now && this.#isReadable(key, file.body);
    return isSession ? { value: file.body, expiresAt } : undefined;
  }

  #isReadable(key: string, body: Uint8Array): boolean {
    try {
      return this.#files.decode(body) !== undefined;
    } catch (error) {
      report({ type: "unreadable", reason: error instanceof Error ? error.name : "unknown" }, key);
      return false;
    }
  }

  get #now(): number {
    return this.#files.clock.now();
  }
}

function isClaim({ value }: Entry): boolean {
  return Buffer.from(value.subarray(0, CLAIM.length)).toString("latin1") === CLAIM;
}
