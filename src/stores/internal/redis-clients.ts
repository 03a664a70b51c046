/** What `redisStore` asks of each client that it knows: to send a command, or a write with `WAIT` right behind it. */
import { SessionError } from "../../errors.ts";

export type Name = "del" | "eval" | "evalsha" | "exists" | "pexpire" | "scan" | "set";
export type Argument = string | Buffer;
export type Command = [name: Name, ...args: Argument[]];

/** What is asked of node-redis 5 and 6: a client or a pool. */
export interface NodeRedis {
  sendCommand(args: Command, options?: object): Promise<unknown>;
  withTypeMapping(mapping: object): unknown;
  multi(): unknown;
}

/** What is asked of node-redis 5 and 6 behind Sentinel. */
export interface NodeRedisSentinel {
  sendCommand(isReadonly: boolean, args: Command, options?: object): Promise<unknown>;
  withTypeMapping(mapping: object): unknown;
  multi(): unknown;
  getMasterNode(): unknown;
}

/** What is asked of node-redis 5 and 6 for a cluster. */
export interface NodeRedisCluster {
  sendCommand(firstKey: string, isReadonly: boolean, args: Command, options?: object): Promise<unknown>;
  withTypeMapping(mapping: object): unknown;
  multi(): unknown;
  readonly masters: unknown;
}

/** What ioredis 5 and 6 and iovalkey are known by, standalone or behind Sentinel: answers can be had as bytes. */
export interface IoRedis {
  callBuffer(command: string, ...args: Argument[]): Promise<unknown>;
  pipeline(commands: unknown[][]): { exec(): Promise<[error: Error | null, reply: unknown][] | null> };
  on(event: "close" | "-node", listener: () => void): unknown;
}

/** What is asked of ioredis 5 and 6 and of iovalkey for a cluster. */
export interface IoRedisCluster extends IoRedis {
  nodes(): unknown;
}

/** A connected client of one server, or of the one primary that Sentinel names. */
export type RedisClient = NodeRedis | NodeRedisSentinel | IoRedis;

/** A connected client of a cluster. */
export type RedisClusterClient = NodeRedisCluster | IoRedisCluster;

/** Sends a command to the primary that holds the key; strings come back as bytes. */
export type Send = (key: string, command: Command) => Promise<unknown>;

/**
 * Sends a write and right behind it, on the same connection, `WAIT`; gives the reply and the number of replicas.
 *
 * It has to be that connection: on any other `WAIT` speaks of another's writes, or of none, and then it says yes.
 */
export type SendAndWait = (key: string, command: Command, wait: Wait) => Promise<[reply: unknown, replicas: unknown]>;

/** `WAIT` for so many replicas and milliseconds. */
export type Wait = ["wait", replicas: string, ms: string];

/**
 * What node-redis is told with each command: strings (36 is RESP's `$`) as bytes, and no timer, which would cost more
 * than the command. Whoever asks a store has a deadline of his own.
 */
const NODE_REDIS = { typeMapping: { 36: Buffer }, timeout: undefined };

/** How this client is told a command. Throws `CONFIG` for one that is not known. */
export function senderOf(client: RedisClient | RedisClusterClient): Send {
  if (isIoRedis(client)) {
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

/**
 * Counts the connections that broke, where the client then sends again by itself what was not answered, as ioredis does
 * unless it is told otherwise. Then an answer may be that to the second sending.
 */
export function breaksOf(client: RedisClient | RedisClusterClient): () => number {
  const counter = COUNTERS.get(client) ?? counterOf(client);
  COUNTERS.set(client, counter);
  return counter;
}

/** One for each client, so that a client of many stores has no more listeners than that of one. */
const COUNTERS = new WeakMap<object, () => number>();

function counterOf(client: RedisClient | RedisClusterClient): () => number {
  let breaks = 0;
  // A cluster is told of a node that left.
  if (isIoRedis(client)) for (const event of ["close", "-node"] as const) client.on(event, () => breaks++);
  return () => breaks;
}

/** How a client that `senderOf` knows is told a write and `WAIT`: as a pipeline, which no client splits in two. */
export function waiterOf(client: RedisClient | RedisClusterClient): SendAndWait {
  return isIoRedis(client) ? ioRedisWaiter(client) : nodeRedisWaiter(client);
}

function ioRedisWaiter(client: IoRedis | IoRedisCluster): SendAndWait {
  return async (_key, [name, ...args], wait) => {
    const replies = await client.pipeline([[`${name}Buffer`, ...args], wait]).exec();
    const [write, waited] = replies ?? [];
    const error = write?.[0] ?? waited?.[0];
    if (error) throw error;
    return [write?.[1], waited?.[1]];
  };
}

/** What node-redis collects commands in: that of a client or a pool, that behind Sentinel, and that of a cluster. */
interface Multi {
  addCommand(args: readonly Argument[]): unknown;
  addCommand(isReadonly: boolean, args: readonly Argument[]): unknown;
  addCommand(firstKey: string, isReadonly: boolean, args: readonly Argument[]): unknown;
  execAsPipeline(): Promise<unknown[]>;
}

function nodeRedisWaiter(client: NodeRedis | NodeRedisSentinel | NodeRedisCluster): SendAndWait {
  return async (key, command, wait) => {
    const multi = client.multi() as Multi;
    for (const each of [command, wait]) {
      if ("masters" in client) multi.addCommand(key, false, each);
      else if ("getMasterNode" in client) multi.addCommand(false, each);
      else multi.addCommand(each);
    }
    const [reply, replicas] = await multi.execAsPipeline();
    return [reply, replicas];
  };
}

function isIoRedis(client: RedisClient | RedisClusterClient): client is IoRedis | IoRedisCluster {
  return hasMethod(client, "callBuffer");
}

function hasMethod<Method extends string>(client: unknown, name: Method): client is Record<Method, unknown> {
  return typeof (client as Partial<Record<Method, unknown>> | null | undefined)?.[name] === "function";
}
