/**
 * The contract between sessions and whatever keeps them: one noun, four verbs.
 *
 * A store knows no cookie, codec, session or timeout. The kit in `flagon/testing` holds every promise made here.
 */

/** One stored session: its encoded value, and the instant it stops being live. */
export interface Entry {
  value: Uint8Array;
  /** Epoch milliseconds. From this instant on, the entry does not exist. */
  expiresAt: number;
}

/**
 * What an update may change: only the deadline, or the value as well, if it still is `before`.
 *
 * A deadline that has passed removes the entry, so a change with `before` and such a deadline is a conditional delete.
 */
export type Change = { expiresAt: number } | { expiresAt: number; before: Uint8Array; value: Uint8Array };

/** Whether the change took place; if not, what stands there now: another value, or nothing. */
export type Updated = { done: true } | { done: false; current: Entry | undefined };

/**
 * Where entries live between requests.
 *
 * A method rejects only when the store itself failed, never because a key was absent. A store keeps bytes apart from
 * its caller's: what was handed in or out may be changed afterwards without touching the entry.
 */
export interface Store {
  /** What it cannot do; absent: it can all that is promised here. */
  readonly capabilities?: Capabilities;
  /** Adds an entry under a new key. `false` when the key is taken: nothing was written. */
  create(key: string, entry: Entry): Promise<boolean>;
  /** The live entry under `key`; `undefined` when there is none or its deadline has passed. */
  read(key: string): Promise<Entry | undefined>;
  /** Changes a live entry, in one atomic step. A late write cannot bring one back. */
  update(key: string, change: Change): Promise<Updated>;
  /** Removes the entry. `false` when there was no live one. */
  delete(key: string): Promise<boolean>;
}

/** The name of a verb. */
export type Verb = "create" | "read" | "update" | "delete";

/** What a store over an engine without conditional writes has to admit. */
export interface Capabilities {
  /** Whether `create`, `update` and `delete` hold against every other writer. `false`: parallel requests may be lost. */
  readonly swap: boolean;
}

/** A store whose engine can tell that a write outlives the loss of a machine. */
export interface Durable {
  /** Whether what this process last wrote under `key` has reached as many machines as the store was told to ask for. */
  confirm(key: string): Promise<boolean>;
}

/** A store whose engine tells of changes that anybody makes: for copies that are kept nearer. */
export interface Watchable {
  /** Calls `changed` from now on: with the key of an entry that was changed, or without one when any may have been. */
  watch(changed: (key?: string) => void): Watch;
}

/** What comes of `Watchable.watch`. */
export interface Watch {
  /**
   * Whether `changed` was called for every change made before this call, and since it was last called without a key.
   * Never rejects.
   */
  isComplete(): Promise<boolean>;
}

/** A store that can tell what it holds: for the command line and the dashboard, never for a request. */
export interface Listable {
  /**
   * Every live entry, in no order. Entries that come or go meanwhile may or may not be told, and one of very many may be
   * told twice.
   */
  list(): AsyncIterable<[key: string, entry: Entry]>;
}

/** A store whose engine forgets nothing by itself. */
export interface Sweepable {
  /** Removes what has expired, in slices that let requests through; resolves with how many went. */
  deleteExpired(): Promise<number>;
}
