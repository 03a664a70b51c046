/**
 * Keeps entries in Redis or Valkey: a string under `prefix + key` holds the value, the key's TTL is the deadline.
 *
 * The bytes are the caller's and nothing is added, so a Python peer can read and write the same keys.
 */
import { createHash } from "node:crypto";
import { type Clock, systemClock } from "../clock.ts";
import { SessionError } from "../errors.ts";
import type { Change, Durable, Entry, Listable, Store, Updated, Watchable } from "../store.ts";
import { NEVER } from "./internal/never.ts";
import { checkClock, checkPrefix } from "./internal/options.ts";
import {
  type Argument,
  type RedisClient,
  type RedisClusterClient,
  type Send,
  breaksOf,
  senderOf,
  waiterOf,
} from "./internal/redis-clients.ts";
import { type DurableOptions, durably } from "./internal/redis-durable.ts";
import { type TrackingClient, trackingBy } from "./internal/redis-tracking.ts";

export type {
  IoRedis,
  IoRedisCluster,
  NodeRedis,
  NodeRedisCluster,
  NodeRedisSentinel,
  RedisClient,
  RedisClusterClient,
} from "./internal/redis-clients.ts";
export type { DurableOptions } from "./internal/redis-durable.ts";
export type { TrackingClient } from "./internal/redis-tracking.ts";

/** How `redisStore` names its keys, and whose time it counts by. */
export interface RedisStoreOptions {
  /** Stands before every key, as it is. Default `'flagon:'`. */
  prefix?: string;
  /** Tells the life that a deadline leaves; Redis counts it down by itself. Default: the machine's own. */
  clock?: Clock;
  /** Makes each write wait until replicas have it as well, so that a save can tell whether it is `durable`. */
  durable?: DurableOptions;
  /**
   * Learns of changes, for `cachedStore`: a client of redis 5 or 6 for the same server, made with `RESP: 3` and
   * `emitInvalidate: true`. Best the store's own. Not for a cluster, nor for `createSentinel`.
   */
  tracking?: TrackingClient;
}

/** Options with which the store has `confirm`, and `watch`. */
type Durably = RedisStoreOptions & { durable: DurableOptions };
type Tracking = RedisStoreOptions & { tracking: TrackingClient };

/**
 * Keeps entries in Redis, each verb by one command to the primary; in a cluster it has no `list`.
 *
 * Throws `CONFIG` when the client is none that it knows, or an option is wrong.
 */
export function redisStore(client: RedisClusterClient, options: Durably): Store & Durable;
export function redisStore(client: RedisClusterClient, options?: RedisStoreOptions): Store;
export function redisStore(client: RedisClient, options: Durably & Tracking): Store & Listable & Durable & Watchable;
export function redisStore(client: RedisClient, options: Durably): Store & Listable & Durable;
export function redisStore(client: RedisClient, options: Tracking): Store & Listable & Watchable;
export function redisStore(client: RedisClient, options?: RedisStoreOptions): Store & Listable;
export function redisStore(
  client: RedisClient | RedisClusterClient,
  { prefix = "flagon:", clock = systemClock, durable, tracking }: RedisStoreOptions = {},
): Store & Partial<Listable & Durable & Watchable> {
  checkPrefix(prefix);
  checkClock(clock);
  const send = senderOf(client);
  const isCluster = "masters" in client || "nodes" in client;
  if (tracking && (isCluster || "getMasterNode" in client)) {
    throw new SessionError("CONFIG", "tracking is for one server; leave it out for a cluster and for createSentinel");
  }
  const { write = send, confirm } = durable ? durably(send, waiterOf(client), durable) : {};
  const store = storeOver({ send, write, breaks: breaksOf(client) }, prefix, clock);
  return {
    ...store,
    ...(!isCluster && { list: () => list(send, prefix, store) }),
    ...(confirm && { confirm: (key) => confirm(prefix + key) }),
    ...(tracking && trackingBy(tracking, prefix)),
  };
}

/** A client as the verbs use it: `send` asks, `write` changes. */
interface Wire {
  readonly send: Send;
  readonly write: Send;
  readonly breaks: () => number;
}

function storeOver({ send, write, breaks }: Wire, prefix: string, clock: Clock): Store {
  async function entryAt(name: string): Promise<Entry | undefined> {
    const now = clock.now();
    return entryOf(await read(send, name), now);
  }

  return {
    async create(key: string, { value, expiresAt }: Entry): Promise<boolean> {
      const name = prefix + key;
      const life = lifeUntil(expiresAt, clock.now());
      if (life === "0") return !isOne(await send(name, ["exists", name]));
      return (await write(name, ["set", name, copyOf(value), "PX", life, "NX"])) !== null;
    },

    read: (key: string) => entryAt(prefix + key),

    async update(key: string, change: Change): Promise<Updated> {
      const name = prefix + key;
      const now = clock.now();
      const life = lifeUntil(change.expiresAt, now);
      if ("before" in change) {
        const broken = breaks();
        const reply = await swap(write, name, copyOf(change.before), copyOf(change.value), life);
        if (isOne(reply)) return { done: true };
        // It may have been made by the first sending, and then been overwritten.
        if (breaks() > broken)
          throw new Error("the connection broke, and a swap that may have been made was sent again");
        // In a pipeline what stands there may have come as text (node-redis' pool and cluster), and has waited for long.
        return { done: false, current: write === send ? entryOf(reply, now) : await entryAt(name) };
      }
      // A life of 0 makes PEXPIRE remove the key.
      return isOne(await write(name, ["pexpire", name, life])) ? { done: true } : { done: false, current: undefined };
    },

    async delete(key: string): Promise<boolean> {
      const name = prefix + key;
      return isOne(await write(name, ["del", name]));
    },
  };
}

/** Every live entry under the prefix. A key there that holds no string is somebody else's. */
async function* list(send: Send, prefix: string, store: Store): AsyncGenerator<[key: string, entry: Entry]> {
  const pattern = `${prefix.replaceAll(/[*?[\]\\]/g, String.raw`\$&`)}*`;
  const isNew = forgetful();
  let cursor = "0";
  do {
    const reply = await send(prefix, ["scan", cursor, "MATCH", pattern, "COUNT", "250", "TYPE", "string"]);
    const [next, names] = reply as [Buffer, Buffer[]];
    const keys = names.map((name) => name.toString().slice(prefix.length));
    for (const [key, entry] of await Promise.all(keys.map(async (each) => [each, await store.read(each)] as const))) {
      if (isNew(key) && entry !== undefined) yield [key, entry];
    }
    cursor = next.toString();
  } while (cursor !== "0");
}

/** SCAN may name a key twice while Redis resizes its table. Of very many only the last are known, so that memory is bounded. */
function forgetful(): (key: string) => boolean {
  let [told, former] = [new Set<string>(), new Set<string>()];
  return (key) => {
    if (told.has(key) || former.has(key)) return false;
    if (told.size >= REMEMBERED) [told, former] = [new Set(), told];
    told.add(key);
    return true;
  };
}

/** So many keys, and up to as many more, are known to have been told. */
const REMEMBERED = 50_000;

/** Value and remaining life at once, for which Redis has no command of its own. */
const read = script("return { redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1]) }");

/** Puts a value in the place of another or, with a life of 0, nothing; answers as `read` where that other is not. */
const swap = script(`
local current = redis.call('GET', KEYS[1])
if current ~= ARGV[1] then return { current, redis.call('PTTL', KEYS[1]) } end
if ARGV[3] == '0' then return redis.call('DEL', KEYS[1]) end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`);

/** A script called by its hash; the text travels only to a server that does not know it, or was told to forget. */
function script(text: string): (send: Send, key: string, ...args: Argument[]) => Promise<unknown> {
  const sha1 = createHash("sha1").update(text).digest("hex");
  return async (send, key, ...args) => {
    try {
      return await send(key, ["evalsha", sha1, "1", key, ...args]);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return send(key, ["eval", text, "1", key, ...args]);
    }
  };
}

/** Bytes that stay what they are until the client sends them. */
function copyOf(value: Uint8Array): Buffer {
  return Buffer.from(value);
}

/** What a deadline leaves in Redis' terms: whole milliseconds, `"0"` when it has passed. */
function lifeUntil(expiresAt: number, now: number): string {
  const life = Math.ceil(Math.min(expiresAt, NEVER) - now);
  return life > 0 ? String(life) : "0";
}

/** The entry in a pair of value and remaining life, which is negative for a key without TTL. */
function entryOf(reply: unknown, now: number): Entry | undefined {
  const [value, left] = reply as [Buffer | null, number | string];
  const life = Number(left);
  if (value === null) return undefined;
  // With a life of 0 Redis still has the key, until the end of this millisecond.
  return { value, expiresAt: life < 0 ? NEVER : now + Math.max(life, 1) };
}

/** Whether a count in a reply is 1; ioredis may be told to give numbers as strings. */
function isOne(reply: unknown): boolean {
  return Number(reply) === 1;
}
