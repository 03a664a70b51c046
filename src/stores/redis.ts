/**
 * Keeps entries in Redis or Valkey: a string under `prefix + key` holds the value, the key's TTL is the deadline.
 *
 * The bytes are the caller's and nothing is added, so a Python peer can read and write the same keys.
 */
import { createHash } from "node:crypto";
import { type Clock, systemClock } from "../clock.ts";
import { SessionError } from "../errors.ts";
import type { Change, Entry, Listable, Store, Updated } from "../store.ts";
import { checkClock, checkPrefix } from "./internal/options.ts";
import { NEVER } from "./internal/never.ts";

type Name = "del" | "eval" | "evalsha" | "exists" | "pexpire" | "scan" | "set";
type Argument = string | Buffer;
type Command = [name: Name, ...args: Argument[]];

/** What is asked of node-redis 5 and 6: a client or a pool. */
export interface NodeRedis {
  sendCommand(args: Command, options?: object): Promise<unknown>;
  withTypeMapping(mapping: object): unknown;
}

/** What is asked of node-redis 5 and 6 behind Sentinel. */
export interface NodeRedisSentinel {
  sendCommand(isReadonly: boolean, args: Command, options?: object): Promise<unknown>;
  withTypeMapping(mapping: object): unknown;
  getMasterNode(): unknown;
}

/** What is asked of node-redis 5 and 6 for a cluster. */
export interface NodeRedisCluster {
  sendCommand(firstKey: string, isReadonly: boolean, args: Command, options?: object): Promise<unknown>;
  withTypeMapping(mapping: object): unknown;
  readonly masters: unknown;
}

/** What ioredis 5 and 6 and iovalkey are known by, standalone or behind Sentinel: answers can be had as bytes. */
export interface IoRedis {
  callBuffer(command: string, ...args: Argument[]): Promise<unknown>;
}

/** What is asked of ioredis 5 and 6 and of iovalkey for a cluster. */
export interface IoRedisCluster extends IoRedis {
  nodes(): unknown;
}

/** A connected client of one server, or of the one primary that Sentinel names. */
export type RedisClient = NodeRedis | NodeRedisSentinel | IoRedis;

/** A connected client of a cluster. */
export type RedisClusterClient = NodeRedisCluster | IoRedisCluster;

/** How `redisStore` names its keys, and whose time it counts by. */
export interface RedisStoreOptions {
  /** Stands before every key, as it is. Default `'flagon:'`. */
  prefix?: string;
  /** Tells the life that a deadline leaves; Redis counts it down by itself. Default: the machine's own. */
  clock?: Clock;
}

/**
 * Keeps entries in Redis, each verb by one command to the primary; in a cluster it has no `list`.
 *
 * Throws `CONFIG` when the client is none that it knows.
 */
export function redisStore(client: RedisClusterClient, options?: RedisStoreOptions): Store;
export function redisStore(client: RedisClient, options?: RedisStoreOptions): Store & Listable;
export function redisStore(
  client: RedisClient | RedisClusterClient,
  { prefix = "flagon:", clock = systemClock }: RedisStoreOptions = {},
): Store | (Store & Listable) {
  checkPrefix(prefix);
  checkClock(clock);
  const send = senderOf(client);
  const store = storeOver(send, prefix, clock);
  return "masters" in client || "nodes" in client ? store : { ...store, list: () => list(send, prefix, store) };
}

function storeOver(send: Send, prefix: string, clock: Clock): Store {
  return {
    async create(key: string, { value, expiresAt }: Entry): Promise<boolean> {
      const name = prefix + key;
      const life = lifeUntil(expiresAt, clock.now());
      if (life === "0") return !isOne(await send(name, ["exists", name]));
      return (await send(name, ["set", name, copyOf(value), "PX", life, "NX"])) !== null;
    },

    async read(key: string): Promise<Entry | undefined> {
      const now = clock.now();
      return entryOf(await read(send, prefix + key), now);
    },

    async update(key: string, change: Change): Promise<Updated> {
      const name = prefix + key;
      const now = clock.now();
      const life = lifeUntil(change.expiresAt, now);
      if ("before" in change) {
        const reply = await swap(send, name, copyOf(change.before), copyOf(change.value), life);
        return isOne(reply) ? { done: true } : { done: false, current: entryOf(reply, now) };
      }
      // A life of 0 makes PEXPIRE remove the key.
      return isOne(await send(name, ["pexpire", name, life])) ? { done: true } : { done: false, current: undefined };
    },

    async delete(key: string): Promise<boolean> {
      const name = prefix + key;
      return isOne(await send(name, ["del", name]));
    },
  };
}

/** Every live entry under the prefix. A key there that holds no string is somebody else's. */
async function* list(send: Send, prefix: string, store: Store): AsyncGenerator<[key: string, entry: Entry]> {
  const pattern = `${prefix.replaceAll(/[*?[\]\\]/g, String.raw`\$&`)}*`;
  // SCAN may name a key twice while Redis resizes its table.
  const told = new Set<string>();
  let cursor = "0";
  do {
    const reply = await send(prefix, ["scan", cursor, "MATCH", pattern, "COUNT", "250", "TYPE", "string"]);
    const [next, names] = reply as [Buffer, Buffer[]];
    const keys = names.map((name) => name.toString().slice(prefix.length));
    for (const [key, entry] of await Promise.all(keys.map(async (each) => [each, await store.read(each)] as const))) {
      if (entry !== undefined && !told.has(key)) yield [key, entry];
      told.add(key);
    }
    cursor = next.toString();
  } while (cursor !== "0");
}

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

/** Sends a command to the primary that holds the key; strings come back as bytes. */
type Send = (key: string, command: Command) => Promise<unknown>;

/**
 * What node-redis is told with each command: strings (36 is RESP's `$`) as bytes, and no timer, which would cost more
 * than the command. Whoever asks a store has a deadline of his own.
 */
const NODE_REDIS = { typeMapping: { 36: Buffer }, timeout: undefined };

function senderOf(client: RedisClient | RedisClusterClient): Send {
  if (hasMethod(client, "callBuffer")) {
    // It would do for every command, but fails under `enableAutoPipelining` (redis/ioredis issue 1923). So the command's
    // own method is called: there is a `…Buffer` one of each, though types of a few only.
    const methods = client as unknown as Record<`${Name}Buffer`, (...args: Argument[]) => Promise<unknown>>;
    return (_key, [name, ...args]) => methods[`${name}Buffer`](...args);
  }
  // Without type mapping, as in node-redis 4, bytes would be lost.
  if (hasMethod(client, "withTypeMapping")) {
    if ("masters" in client) return (key, command) => client.sendCommand(key, false, command, NODE_REDIS);
    if ("getMasterNode" in client) return (_key, command) => client.sendCommand(false, command, NODE_REDIS);
    return (_key, command) => client.sendCommand(command, NODE_REDIS);
  }
  throw new SessionError(
    "CONFIG",
    "redisStore was given no Redis client that it knows; give one of redis 5 or 6, ioredis 5 or 6, or iovalkey",
  );
}

function hasMethod<Method extends string>(client: unknown, name: Method): client is Record<Method, unknown> {
  return typeof (client as Partial<Record<Method, unknown>> | null | undefined)?.[name] === "function";
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
  if (value === null || life === 0) return undefined;
  return { value, expiresAt: life < 0 ? NEVER : now + life };
}

/** Whether a count in a reply is 1; ioredis may be told to give numbers as strings. */
function isOne(reply: unknown): boolean {
  return Number(reply) === 1;
}
