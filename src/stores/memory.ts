/**
 * Keeps entries in the memory of this process: for development, for tests, and for the one process that may forget.
 *
 * Bounded, and swept by itself. A value is kept as a string of its bytes, which takes less heap than a small buffer
 * and shares nothing with the caller.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Clock, systemClock } from "../clock.ts";
import { warnOnce } from "../events.ts";
import type { Change, Entry, Listable, Store, Sweepable, Updated } from "../store.ts";
import { decideCreate, decideDelete, decideUpdate, type Decision } from "./internal/decide.ts";
import { checkClock, checkWhole } from "./internal/options.ts";
import { startSweeper } from "./internal/sweeper.ts";

/** How much `memoryStore` keeps, and whose time it counts by. */
export interface MemoryStoreOptions {
  /** Default: the machine's own. */
  clock?: Clock;
  /** How many entries it keeps; one more drops the one that was not written for the longest time. Default 100 000. */
  maxEntries?: number;
}

/** How many entries a sweep looks at before other work gets its turn: a request waits for several of these. */
const SLICE = 250;

/** Seconds from one sweep to the next. */
const PAUSE = 60;

/** A `Map` holds no more entries than this. */
const MOST = 2 ** 24;

/** Keeps entries in this process, and no longer than it lives. Throws `CONFIG` when an option is wrong. */
export function memoryStore(options: MemoryStoreOptions = {}): Store & Listable & Sweepable {
  return new MemoryStore(options);
}

interface Kept {
  readonly latin1: string;
  readonly expiresAt: number;
}

class MemoryStore implements Store, Listable, Sweepable {
  readonly #clock: Clock;
  readonly #maxEntries: number;
  /** The longest unwritten comes first, because every write puts its entry at the end. */
  readonly #entries = new Map<string, Kept>();
  /** Runs only while there are entries. */
  #sweeper: NodeJS.Timeout | undefined;

  constructor({ clock = systemClock, maxEntries = 100_000 }: MemoryStoreOptions) {
    checkClock(clock);
    checkWhole("maxEntries", maxEntries, 1, MOST);
    this.#clock = clock;
    this.#maxEntries = maxEntries;
  }

  async create(key: string, entry: Entry): Promise<boolean> {
    return this.#settle(key, decideCreate(this.#live(key), entry));
  }

  async read(key: string): Promise<Entry | undefined> {
    return this.#live(key);
  }

  async update(key: string, change: Change): Promise<Updated> {
    return this.#settle(key, decideUpdate(this.#live(key), change));
  }

  async delete(key: string): Promise<boolean> {
    return this.#settle(key, decideDelete(this.#live(key)));
  }

  async *list(): AsyncGenerator<[key: string, entry: Entry]> {
    // A copy, because a write meanwhile moves its key to the end, where it would be met again.
    const keys = Array.from(this.#entries.keys());
    let seen = 0;
    for (const key of keys) {
      if (++seen % SLICE === 0) await nextTurn();
      const entry = this.#live(key);
      if (entry) yield [key, entry];
    }
  }

  async deleteExpired(): Promise<number> {
    const now = this.#clock.now();
    let seen = 0;
    let gone = 0;
    for (const [key, { expiresAt }] of this.#entries) {
      if (expiresAt <= now && this.#entries.delete(key)) gone++;
      if (++seen % SLICE === 0) await nextTurn();
    }
    this.#rest();
    return gone;
  }

  #live(key: string): Entry | undefined {
    const kept = this.#entries.get(key);
    if (!kept || kept.expiresAt <= this.#clock.now()) return undefined;
    return { value: Buffer.from(kept.latin1, "latin1"), expiresAt: kept.expiresAt };
  }

  #settle<T>(key: string, { result, next }: Decision<T>): T {
    if (!next) return result;
    this.#entries.delete(key);
    if (next.expiresAt > this.#clock.now()) this.#keep(key, next);
    return result;
  }

  #keep(key: string, { value, expiresAt }: Entry): void {
    if (this.#entries.size >= this.#maxEntries) this.#dropFirst();
    this.#entries.set(key, { latin1: latin1(value), expiresAt });
    this.#sweeper ??= startSweeper(PAUSE, this);
  }

  #dropFirst(): void {
    const [first] = this.#entries;
    if (!first) return;
    const [key, { expiresAt }] = first;
    this.#entries.delete(key);
    if (expiresAt > this.#clock.now()) {
      warnOnce("MEMORY_STORE_FULL", `memoryStore drops live sessions; raise maxEntries, now ${this.#maxEntries}`);
    }
  }

  /** Ends the sweeps while there is nothing to sweep. */
  #rest(): void {
    if (this.#entries.size > 0) return;
    clearInterval(this.#sweeper);
    this.#sweeper = undefined;
  }
}

function latin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}
