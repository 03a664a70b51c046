/**
 * Gives a store of ours to express-session, or to whatever takes its stores.
 *
 * What is stored is the JSON that express-session's own stores write: `redisStore(client, { prefix: "sess:" })` reads and
 * writes what connect-redis does. A session that this store has made, for `flagon/express-session` or express-session, is
 * merged key by key with what others have written, and is not written back once it has ended.
 */
import { type Clock, systemClock } from "../../clock.ts";
import type { Callback } from "../../connect-store.ts";
import { SessionError } from "../../errors.ts";
import type { Entry, Listable, Store as Entries } from "../../store.ts";
import { type Version, merge, versionOf } from "./merge.ts";
import type { Session, SessionData, SessionRequest } from "./session.ts";
import { type SessionRecord, Store } from "./store.ts";

/** How `asExpressStore` keeps sessions. */
export interface AsExpressStoreOptions {
  /** Seconds that a session is kept whose cookie has no end. Default: a day. */
  ttl?: number;
  /** Default: the machine's own. */
  clock?: Clock;
}

/** Gives a store of ours to express-session, @fastify/session, or `flagon/express-session`. Throws `CONFIG` when it is none. */
export function asExpressStore(store: Entries, options: AsExpressStoreOptions = {}): MergingStore {
  const { create, read, update, delete: remove } = (store ?? {}) as Partial<Entries>;
  if (![create, read, update, remove].every((verb) => typeof verb === "function")) {
    throw new SessionError(
      "CONFIG",
      "asExpressStore was given no store of Flagon; give one, such as redisStore(client)",
    );
  }
  const { ttl = 86_400 } = options;
  if (!(ttl > 0)) throw new SessionError("CONFIG", `ttl is ${ttl}; give a number of seconds above 0`);
  return new MergingStore(store, { ttl, clock: options.clock ?? systemClock });
}

/** So many lost swaps are no accident any more. */
const MOST_TRIES = 16;

/** A store for express-session over one of ours. `set` calls back with `false` when the session has ended. */
export class MergingStore extends Store {
  readonly #entries: Entries;
  readonly #options: Required<AsExpressStoreOptions>;
  /** Of each session what is known to be stored. */
  readonly #bases = new WeakMap<object, Version>();

  constructor(entries: Entries, options: Required<AsExpressStoreOptions>) {
    super();
    this.#entries = entries;
    this.#options = options;
    if (isListable(entries)) this.#list(entries);
  }

  override createSession(request: SessionRequest, record: SessionRecord): Session & SessionData {
    const session = super.createSession(request, record);
    this.#bases.set(session, versionOf(session));
    return session;
  }

  override get(id: string, callback: Callback): void {
    answer(this.#read(id), callback);
  }

  override set(id: string, session: SessionData, callback?: Callback): void {
    answer(this.#write(id, session), callback);
  }

  override touch(id: string, session: SessionData, callback?: Callback): void {
    const touched = this.#entries.update(id, { expiresAt: this.#endOf(session) });
    answer(
      touched.then(({ done }) => done),
      callback,
    );
  }

  override destroy(id: string, callback?: Callback): void {
    answer(this.#entries.delete(id), callback);
  }

  async #read(id: string): Promise<SessionRecord | undefined> {
    const entry = await this.#entries.read(id);
    return entry && recordIn(entry);
  }

  /** Whether it was written: not if it is one that was stored, and has ended. */
  async #write(id: string, session: SessionData): Promise<boolean> {
    const version = versionOf(session);
    const base = this.#bases.get(session);
    const isWritten = await this.#swap(id, session, base);
    if (isWritten) this.#bases.set(session, version);
    return isWritten;
  }

  async #swap(id: string, session: SessionData, base: Version | undefined): Promise<boolean> {
    let current = base ? await this.#entries.read(id) : undefined;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (base && !current) return false;
      const entry = this.#entryOf((base && current && merge(base, session, recordIn(current))) ?? session);
      if (!current) {
        if (await this.#entries.create(id, entry)) return true;
        current = await this.#entries.read(id);
        continue;
      }
      const updated = await this.#entries.update(id, { ...entry, before: current.value });
      if (updated.done) return true;
      ({ current } = updated);
    }
    throw new SessionError("CONFLICT", `no swap succeeded in ${MOST_TRIES} tries`);
  }

  #entryOf(session: { cookie: unknown }): Entry {
    return { value: Buffer.from(JSON.stringify(session)), expiresAt: this.#endOf(session) };
  }

  #endOf({ cookie }: { cookie: unknown }): number {
    const { expires } = cookie as { expires?: Date | string | null };
    const end = expires ? new Date(expires).getTime() : Number.NaN;
    return Number.isNaN(end) ? this.#options.clock.now() + this.#options.ttl * 1000 : end;
  }

  #list(entries: Entries & Listable): void {
    this.all = (callback) => answer(allIn(entries), callback);
    this.length = (callback) => answer(countIn(entries), callback);
    this.clear = (callback) => answer(clear(entries), callback);
  }
}

function isListable(store: Entries): store is Entries & Listable {
  return typeof (store as Partial<Listable>).list === "function";
}

function recordIn({ value }: Entry): SessionRecord {
  try {
    return JSON.parse(Buffer.from(value).toString()) as SessionRecord;
  } catch {
    // The parser would quote what it cannot read.
    throw new SessionError("DATA", "what is stored is no JSON; give asExpressStore a prefix or place of its own");
  }
}

/** By their ids. */
async function allIn(entries: Listable): Promise<Record<string, SessionRecord>> {
  const found = Object.create(null) as Record<string, SessionRecord>;
  for await (const [id, entry] of entries.list()) found[id] = recordIn(entry);
  return found;
}

async function countIn(entries: Listable): Promise<number> {
  let count = 0;
  for await (const _entry of entries.list()) count++;
  return count;
}

async function clear(entries: Entries & Listable): Promise<void> {
  for await (const [id] of entries.list()) await entries.delete(id);
}

/** What a callback throws is no rejection of ours. */
function answer(work: Promise<unknown>, callback: Callback | undefined): void {
  work.then(
    (result) => callback && process.nextTick(callback, null, result),
    (error: unknown) => callback && process.nextTick(callback, error),
  );
}
