/** The clients that `redisStore` knows, as an application would make them. */
import { once } from "node:events";
import { Redis as IoRedis5 } from "ioredis";
import { Redis as IoRedis6 } from "ioredis6";
import { Redis as IoValkey } from "iovalkey";
import { createClient as createClient6, createClientPool } from "redis";
import { createClient as createClient5 } from "redis5";
import type { RedisClient } from "../../src/stores/redis.ts";

/** A connected client, and what disconnects it. */
export interface Lent<Client> {
  readonly client: Client;
  stop(): unknown;
}

/** Makes a client fail at once while Redis is down, and come back soon after it. */
const NODE_REDIS = { disableOfflineQueue: true, socket: { reconnectStrategy: 20 } };
const IOREDIS = { enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => 20 };

export const clients: Record<string, (url: string) => Promise<Lent<RedisClient>>> = {
  "redis 6": (url) => connected(createClient6({ url, ...NODE_REDIS })),
  "redis 6, RESP2": (url) => connected(createClient6({ url, RESP: 2, ...NODE_REDIS })),
  "redis 6, a pool": (url) => connected(createClientPool({ url, ...NODE_REDIS })),
  "redis 5": (url) => connected(createClient5({ url, ...NODE_REDIS })),
  "redis 5, RESP3": (url) => connected(createClient5({ url, RESP: 3, ...NODE_REDIS })),
  "ioredis 5": (url) => ready(new IoRedis5(url, IOREDIS)),
  "ioredis 5, numbers as strings": (url) => ready(new IoRedis5(url, { stringNumbers: true, ...IOREDIS })),
  "ioredis 6": (url) => ready(new IoRedis6(url, IOREDIS)),
  "ioredis 6, auto-pipelining": (url) => ready(new IoRedis6(url, { enableAutoPipelining: true, ...IOREDIS })),
  iovalkey: (url) => ready(new IoValkey(url, IOREDIS)),
};

/** Those that send again by themselves, unless they are told otherwise, what was not answered when a connection broke. */
export const insistent: Record<string, (url: string) => Promise<Lent<RedisClient>>> = {
  "ioredis 5": (url) => ready(new IoRedis5(url)),
  "ioredis 6": (url) => ready(new IoRedis6(url)),
  iovalkey: (url) => ready(new IoValkey(url)),
};

/** Connects a client of node-redis. */
export async function connected<
  Client extends { connect(): Promise<unknown>; destroy(): void; on(event: "error", listener: () => void): unknown },
>(client: Client): Promise<Lent<Client>> {
  client.on("error", ignore);
  await client.connect();
  return { client, stop: () => client.destroy() };
}

/** Waits for a client of ioredis or iovalkey, which connects by itself. */
export async function ready<Client extends NodeJS.EventEmitter & { disconnect(): void }>(
  client: Client,
): Promise<Lent<Client>> {
  client.on("error", ignore);
  await once(client, "ready");
  return { client, stop: () => client.disconnect() };
}

/** Without a listener an outage would end the process; what it does to a command is what is tested. */
function ignore(): void {}
