/**
 * Keeps entries in Amazon DynamoDB: an item under `prefix + key` holds the value as `val` and the deadline as
 * `expiration`, in the seconds that the table's Time to Live counts by.
 *
 * The items are Flask-Session's, so a Python peer can read and write them too.
 */
import { type Clock, systemClock } from "../clock.ts";
import type { Change, Entry, Listable, Store, Sweepable, Updated } from "../store.ts";
import { type DynamoClient, checkTable } from "./internal/dynamo-client.ts";
import { entryOf, isLive, secondsOf, wholeSecondsOf } from "./internal/dynamo-items.ts";
import {
  EXPIRED,
  type Items,
  LIVE,
  type Statement,
  UNCHANGED,
  add,
  change,
  get,
  keyOf,
  scan,
  sure,
} from "./internal/dynamo-requests.ts";
import { checkClock, checkPrefix } from "./internal/options.ts";

export type { DynamoClient } from "./internal/dynamo-client.ts";
export { type DynamoTableOptions, createTable } from "./internal/dynamo-table.ts";

/** Where `dynamoStore` keeps its items, and whose time it counts by. */
export interface DynamoStoreOptions {
  /** Name or ARN of a table whose key is `id`, a string: `createTable` makes one. Default `'Sessions'`. */
  table?: string;
  /** Stands before every key, as it is. Default `'flagon:'`. */
  prefix?: string;
  /**
   * Writes deadlines with their fraction of a second, as Flask-Session does. Default `false`: the next whole second, which
   * is what Amazon promises that Time to Live understands.
   */
  fractions?: boolean;
  /** Tells what has expired. Default: the machine's own. */
  clock?: Clock;
}

/**
 * Keeps entries in DynamoDB, each verb by one request to it.
 *
 * Throws `CONFIG` when the client cannot send commands.
 */
export function dynamoStore(
  client: DynamoClient,
  { table = "Sessions", prefix = "flagon:", fractions = false, clock = systemClock }: DynamoStoreOptions = {},
): Store & Listable & Sweepable {
  checkTable(client, table);
  checkPrefix(prefix);
  checkClock(clock);
  const items: Items = { client, table, prefix };
  const store = storeOver(items, fractions ? secondsOf : wholeSecondsOf, clock);
  return { ...store, list: () => list(items, clock.now()), deleteExpired: () => deleteExpired(items, clock.now()) };
}

function storeOver(items: Items, tell: (instant: number) => string, clock: Clock): Store {
  return {
    async create(key: string, { value, expiresAt }: Entry): Promise<boolean> {
      const now = clock.now();
      if (!(expiresAt > now)) return !isLive(await get(items, key), now);
      const attributes = { val: { B: copyOf(value) }, expiration: { N: tell(expiresAt) } };
      return sure(await add(items, key, attributes, now)) === undefined;
    },

    async read(key: string): Promise<Entry | undefined> {
      const now = clock.now();
      return entryOf(await get(items, key), now);
    },

    async update(key: string, to: Change): Promise<Updated> {
      const now = clock.now();
      const expiration = to.expiresAt > now ? { expiration: { N: tell(to.expiresAt) } } : undefined;
      if ("before" in to) {
        const sets = expiration && { val: { B: copyOf(to.value) }, ...expiration };
        const values = { ":before": { B: copyOf(to.before) } };
        return swap(items, key, { condition: UNCHANGED, values, sets, now });
      }
      const refusal = await change(items, key, { condition: LIVE, sets: expiration, now });
      return refusal ? { done: false, current: undefined } : { done: true };
    },

    async delete(key: string): Promise<boolean> {
      const now = clock.now();
      return (await change(items, key, { condition: LIVE, now })) === undefined;
    },
  };
}

async function swap(items: Items, key: string, statement: Statement): Promise<Updated> {
  const refusal = sure(await change(items, key, statement));
  if (!refusal) return { done: true };
  // Releases of the SDK before 2023 and some stand-ins do not tell what stands there.
  return { done: false, current: entryOf(refusal.Item ?? (await get(items, key)), statement.now) };
}

/** Every live entry under the prefix. An item there without bytes is somebody else's. */
async function* list(items: Items, now: number): AsyncGenerator<[key: string, entry: Entry]> {
  for await (const page of scan(items, `NOT ${EXPIRED}`, now)) {
    for (const item of page) {
      const entry = item["val"]?.B && entryOf(item, now);
      if (entry) yield [keyOf(items, item), entry];
    }
  }
}

/** So many items are removed at a time: the SDK opens 50 connections at most, and requests wait where it sends more. */
const SLICE = 4;

async function deleteExpired(items: Items, now: number): Promise<number> {
  let count = 0;
  for await (const page of scan(items, EXPIRED, now, "id")) {
    for (let start = 0; start < page.length; start += SLICE) {
      const keys = page.slice(start, start + SLICE).map((item) => keyOf(items, item));
      const refusals = await Promise.all(keys.map((key) => change(items, key, { condition: EXPIRED, now })));
      count += refusals.filter((refusal) => refusal === undefined).length;
    }
  }
  return count;
}

/** Bytes that stay what they are until the client sends them. */
function copyOf(value: Uint8Array): Uint8Array {
  return Uint8Array.from(value);
}
