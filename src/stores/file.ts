/**
 * Keeps entries in a directory, one file each: they survive restarts and kill -9, and many processes may share them.
 *
 * A record is written elsewhere and renamed into its place, so a reader finds the whole old one or the whole new one.
 * `internal/claim.ts` says how writers are kept apart.
 */
import { unlinkSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Clock, systemClock } from "../clock.ts";
import { SessionError } from "../errors.ts";
import type { Change, Entry, Listable, Store, Sweepable, Updated } from "../store.ts";
import { breakClaim, claiming, clearLeftover, type Try } from "./internal/claim.ts";
import { decideCreate, decideDelete, decideUpdate, type Decision } from "./internal/decide.ts";
import { checkClock, checkWhole } from "./internal/options.ts";
import { encodeRecord, nameOf, type Stored, storedIn } from "./internal/record.ts";
import { openRoot, type Root } from "./internal/root.ts";
import { LONGEST_PAUSE, startSweeper } from "./internal/sweeper.ts";
import {
  entriesIn,
  leavesOf,
  leftoversAmong,
  makeWay,
  type Modes,
  pathOf,
  readRecord,
  recordsAmong,
  Refused,
} from "./internal/tree.ts";
import { takeTurns } from "./internal/turns.ts";

/** Where `fileStore` keeps its files, who may open them, and when it cleans up. */
export interface FileStoreOptions {
  /** A directory for sessions alone, on a disk of this machine. Made when there is none. */
  directory: string;
  /** Default: the machine's own. */
  clock?: Clock;
  /** The mode of files; folders get the same, and may be entered by those who may read. Default `0o600`. */
  mode?: number;
  /** Takes a directory that is not this user's alone. Default: refuses it. */
  allowWiderDirectory?: boolean;
  /** Seconds from one sweep to the next, beginning with the first write; 0 for none. Default 600. */
  sweepEvery?: number;
}

/** Keeps entries in a directory. Throws `CONFIG` when an option is wrong, or the directory open to others. */
export function fileStore(options: FileStoreOptions): Store & Listable & Sweepable {
  return new FileStore(options);
}

class FileStore implements Store, Listable, Sweepable {
  readonly #clock: Clock;
  readonly #modes: Modes;
  readonly #root: Root;
  readonly #pause: number;
  #sweeper: NodeJS.Timeout | undefined;

  constructor(options: FileStoreOptions) {
    const { directory, clock = systemClock, mode = 0o600, allowWiderDirectory = false, sweepEvery = 600 } = options;
    checkClock(clock);
    checkMode(mode);
    checkWhole("sweepEvery", sweepEvery, 0, LONGEST_PAUSE);
    this.#clock = clock;
    this.#modes = { file: mode, folder: mode | ((mode & 0o444) >> 2) };
    this.#pause = sweepEvery;
    this.#root = openRoot(directory, this.#modes.folder, allowWiderDirectory);
  }

  async create(key: string, entry: Entry): Promise<boolean> {
    return this.#settle(key, (current) => decideCreate(current, entry));
  }

  async read(key: string): Promise<Entry | undefined> {
    const name = nameOf(key);
    try {
      return this.#live(name, readRecord(this.#root, name))?.entry;
    } catch (error) {
      if (error instanceof Refused) return undefined;
      throw error;
    }
  }

  async update(key: string, change: Change): Promise<Updated> {
    return this.#settle(key, (current) => decideUpdate(current, change));
  }

  async delete(key: string): Promise<boolean> {
    return this.#settle(key, decideDelete);
  }

  async *list(): AsyncGenerator<[key: string, entry: Entry]> {
    for (const leaf of leavesOf(this.#root)) {
      for (const name of recordsAmong(entriesIn(leaf))) {
        const stored = this.#live(name, readRecord(this.#root, name));
        if (stored) yield [stored.key, stored.entry];
      }
      await nextTurn();
    }
  }

  async deleteExpired(): Promise<number> {
    let gone = 0;
    for (const leaf of leavesOf(this.#root)) {
      const entries = entriesIn(leaf);
      for (const name of leftoversAmong(entries)) clearLeftover(`${leaf}/${name}`);
      for (const name of recordsAmong(entries)) {
        if (!this.#isExpired(name)) continue;
        if (this.#discard(name)) gone++;
        await nextTurn();
      }
      await nextTurn();
    }
    return gone;
  }

  #settle<T>(key: string, decide: (current: Entry | undefined) => Decision<T>): Promise<T> {
    const name = nameOf(key);
    return takeTurns(
      () => this.#attempt(name, key, decide),
      (token) => breakClaim(this.#pathOf(name), token),
    );
  }

  #attempt<T>(name: string, key: string, decide: (current: Entry | undefined) => Decision<T>): Try<T> {
    const seen = readRecord(this.#root, name);
    const { result, next } = decide(this.#live(name, seen)?.entry);
    if (!next) return { result };
    const tried = this.#write(name, seen, { key, entry: next }, result);
    if ("result" in tried && !this.#isLive(next)) this.#discard(name);
    return tried;
  }

  /** Writes a record in the place of what was seen there, if that still stands. */
  #write<T>(name: string, seen: Buffer | undefined, stored: Stored, result: T): Try<T> {
    if (!this.#sweeper && this.#pause > 0) this.#sweeper = startSweeper(this.#pause, this);
    makeWay(this.#root, name, this.#modes.folder);
    const claim = { purpose: "write", bytes: encodeRecord(name, stored), modes: this.#modes } as const;
    return claiming(this.#pathOf(name), claim, (commit) => {
      if (!isSame(seen, readRecord(this.#root, name))) return { holder: undefined };
      commit();
      return { result };
    });
  }

  /** Removes the file of an entry whose deadline has passed: the one kind that only `create` still writes over. */
  #discard(name: string): boolean {
    const path = this.#pathOf(name);
    const claim = { purpose: "remove", bytes: new Uint8Array(), modes: this.#modes } as const;
    const tried = claiming(path, claim, () => {
      if (!this.#isExpired(name)) return { holder: undefined };
      unlinkSync(path);
      return { result: true };
    });
    return "result" in tried;
  }

  #pathOf(name: string): string {
    return pathOf(this.#root.path, name);
  }

  #live(name: string, bytes: Buffer | undefined): Stored | undefined {
    const stored = storedIn(name, bytes);
    return stored && this.#isLive(stored.entry) ? stored : undefined;
  }

  #isExpired(name: string): boolean {
    const stored = storedIn(name, readRecord(this.#root, name));
    return stored !== undefined && !this.#isLive(stored.entry);
  }

  #isLive(entry: Entry): boolean {
    return entry.expiresAt > this.#clock.now();
  }
}

function checkMode(mode: number): void {
  if ((mode & 0o600) === 0o600 && (mode | 0o666) === 0o666) return;
  const given = Number.isInteger(mode) ? `0o${mode.toString(8)}` : String(mode);
  throw new SessionError("CONFIG", `mode is ${given}; give one that lets the owner read and write, such as 0o600`);
}

function isSame(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.equals(b));
}
