/**
 * Keeps entries in a collection of MongoDB, in the documents of Flask-Session:
 * `{ _id, id: key, val: the value as Binary of subtype 0, expiration: the deadline as a date }`.
 *
 * Nothing is added, so a Python peer can read and write the same documents. The server finds and changes a document in
 * one step: that is what every write here rests upon.
 */
import { type Clock, systemClock } from "../clock.ts";
import { SessionError } from "../errors.ts";
import type { Change, Entry, Listable, Store, Sweepable, Updated } from "../store.ts";
import { copyOf, dateOf, isPast, keyOf, live, liveEntryOf } from "./internal/mongo-documents.ts";
import { type Indexed, makeIndexes } from "./internal/mongo-indexes.ts";
import { checkClock } from "./internal/options.ts";

/** What is asked of a collection of the package `mongodb`, 6 or 7. */
export interface MongoCollection extends Indexed {
  readonly readConcern?: { readonly level: string } | undefined;
  readonly writeConcern?: { readonly w?: unknown } | undefined;
  findOne(filter: object, options: object): Promise<object | null>;
  find(filter: object, options: object): AsyncIterable<object> & { toArray(): Promise<object[]> };
  updateOne(
    filter: object,
    update: object,
    options: object,
  ): Promise<{ readonly matchedCount: number; readonly upsertedCount: number }>;
  deleteOne(filter: object, options: object): Promise<{ readonly deletedCount: number }>;
  deleteMany(filter: object, options: object): Promise<{ readonly deletedCount: number }>;
}

/** Whose time `mongoStore` counts by. */
export interface MongoStoreOptions {
  /** Tells which entries have expired, whatever the server thinks. Default: the machine's own. */
  clock?: Clock;
}

/** What only this store can do. */
export interface Preparable {
  /** Makes the indexes, which else the first write does and waits for: on a large collection that takes a while. */
  prepare(): Promise<void>;
}

/** How many expired documents are removed at once. */
const SLICE = 1000;
const IDS = { projection: { _id: 1 }, limit: SLICE, batchSize: SLICE };

/** How often a swap is tried whose old value was away for a moment. */
const TRIES = 3;

/** The DuplicateKey that a server answers when another has inserted the id meanwhile. */
const DUPLICATE_KEY = 11_000;

/** How answers are read, whatever the client was told: numbers as numbers, bytes with their subtype. */
const PLAIN = { raw: false, promoteValues: true, promoteBuffers: false };

/** What stands there now, though it may not have reached a majority: a write on top of it is acknowledged after it. */
const LATEST = { ...PLAIN, readPreference: "primary", readConcern: { level: "local" } };

/**
 * Keeps entries in MongoDB, each verb by one command to the primary.
 *
 * Throws `CONFIG` when it was given no collection.
 */
export function mongoStore(
  collection: MongoCollection,
  { clock = systemClock }: MongoStoreOptions = {},
): Store & Listable & Sweepable & Preparable {
  checkCollection(collection);
  checkClock(clock);
  const settled = settledRead(collection);
  const durable = durableWrite(collection);
  const indexes = retried(() => makeIndexes(collection, durable));

  async function find(key: string, options: object): Promise<Entry | undefined> {
    const document = await collection.findOne({ id: key }, options);
    return document === null ? undefined : liveEntryOf(document, clock.now());
  }

  async function change(filter: object, update: object): Promise<boolean> {
    return (await collection.updateOne(filter, update, durable)).matchedCount > 0;
  }

  /** Where ids are not unique every document goes: one that was left would be the session again. */
  async function remove(filter: object): Promise<boolean> {
    const { unique } = await indexes();
    const removal = unique ? collection.deleteOne(filter, durable) : collection.deleteMany(filter, durable);
    return (await removal).deletedCount > 0;
  }

  /** A live document with the id is not found by the filter, so the insertion in its place fails. */
  async function insert(key: string, fields: object, now: number): Promise<boolean> {
    const upsert = { ...durable, upsert: true };
    try {
      await collection.updateOne({ id: key, expiration: { $lte: new Date(now) } }, { $set: fields }, upsert);
      return true;
    } catch (error) {
      if ((error as { code?: unknown }).code === DUPLICATE_KEY) return false;
      throw error;
    }
  }

  async function swap(key: string, { before, value, expiresAt }: Swap, tries = TRIES): Promise<Updated> {
    const now = clock.now();
    const filter = { ...live(key, now), val: before };
    const done = isPast(expiresAt, now)
      ? await remove(filter)
      : await change(filter, { $set: { val: value, expiration: dateOf(expiresAt) } });
    if (done) return { done: true };
    const current = await find(key, LATEST);
    const isBack = current !== undefined && Buffer.compare(current.value, before) === 0;
    return isBack && tries > 1 ? swap(key, { before, value, expiresAt }, tries - 1) : { done: false, current };
  }

  return {
    async create(key, { value, expiresAt }) {
      checkKey(key);
      const now = clock.now();
      const fields = { val: copyOf(value), expiration: dateOf(expiresAt) };
      const { unique } = await indexes();
      // Where ids are not unique, nothing but a look tells whether this one is taken.
      if (isPast(expiresAt, now) || !unique) {
        const taken = (await find(key, LATEST)) !== undefined;
        if (taken || isPast(expiresAt, now)) return !taken;
      }
      return insert(key, fields, now);
    },

    async read(key) {
      checkKey(key);
      return find(key, settled);
    },

    async update(key: string, wanted: Change): Promise<Updated> {
      checkKey(key);
      if ("before" in wanted) {
        const { before, value, expiresAt } = wanted;
        return swap(key, { before: Buffer.from(before), value: copyOf(value), expiresAt });
      }
      const now = clock.now();
      const done = isPast(wanted.expiresAt, now)
        ? await remove(live(key, now))
        : await change(live(key, now), { $set: { expiration: dateOf(wanted.expiresAt) } });
      return done ? { done: true } : { done: false, current: undefined };
    },

    async delete(key) {
      checkKey(key);
      return remove(live(key, clock.now()));
    },

    list: () => list(collection, clock),
    deleteExpired: () => deleteExpired(collection, durable, clock),
    prepare: async () => void (await indexes()),
  };
}

/** Every live entry. It reads the documents as they lie: in the order of an index, one that changes could come twice. */
async function* list(collection: MongoCollection, clock: Clock): AsyncGenerator<[key: string, entry: Entry]> {
  for await (const document of collection.find({}, LATEST)) {
    const key = keyOf(document);
    if (key === undefined) continue;
    const entry = liveEntryOf(document, clock.now());
    if (entry !== undefined) yield [key, entry];
  }
}

async function deleteExpired(collection: MongoCollection, durable: object, clock: Clock): Promise<number> {
  let deleted = 0;
  for (;;) {
    const expired = { expiration: { $lte: new Date(clock.now()) } };
    const found = await collection.find(expired, { ...LATEST, ...IDS }).toArray();
    if (found.length === 0) return deleted;
    const ids = found.map((document) => (document as { _id: unknown })._id);
    // One that was created anew meanwhile has not expired.
    deleted += (await collection.deleteMany({ ...expired, _id: { $in: ids } }, durable)).deletedCount;
    if (found.length < SLICE) return deleted;
  }
}

/** A change with `before`. */
interface Swap {
  before: Buffer;
  value: Buffer;
  expiresAt: number;
}

/** Does something when it is first asked for, and again whenever that failed. */
function retried<T>(act: () => Promise<T>): () => Promise<T> {
  let acting: Promise<T> | undefined;
  return () => {
    acting ??= act().catch((error: unknown) => {
      acting = undefined;
      throw error;
    });
    return acting;
  };
}

/** What was read cannot be undone by the loss of a machine. */
function settledRead({ readConcern }: MongoCollection): object {
  const isStronger = readConcern?.level === "linearizable" || readConcern?.level === "snapshot";
  return { ...PLAIN, readPreference: "primary", ...(!isStronger && { readConcern: { level: "majority" } }) };
}

/** What was acknowledged outlives the loss of a machine. A number above 1 and a name are somebody's own decision. */
function durableWrite({ writeConcern }: MongoCollection): object {
  const w = writeConcern?.w ?? 1;
  return { ...PLAIN, ...((w === 0 || w === 1) && { writeConcern: { ...writeConcern, w: "majority" } }) };
}

/** An object in the place of a text would be a query of its own. */
function checkKey(key: unknown): void {
  if (typeof key !== "string") throw new TypeError("the key of a session is no string");
}

function checkCollection(collection: unknown): void {
  const { updateOne, createIndexes } = (collection ?? {}) as Partial<MongoCollection>;
  if (typeof updateOne === "function" && typeof createIndexes === "function") return;
  throw new SessionError("CONFIG", "mongoStore was given no collection; give client.db(name).collection(name)");
}
