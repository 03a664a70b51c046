import { createHash } from "node:crypto";
import { redisStore } from "flagon/redis";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { startRedis } from "../../scripts/engines/index.mjs";
import type { Subject } from "./subject.ts";

/** The client told what the store tells it: strings as bytes, and no timer for each command. */
export const nodeRedis: Subject = {
  name: "redis",
  title: "redis, by node-redis 6",
  start: startRedis,
  async connect(url, clock) {
    const client = await createClient({ url }).connect();
    const lean = client.withCommandOptions({ typeMapping: { 36: Buffer }, timeout: undefined as never });
    const { read, swap } = SCRIPTS;
    for (const { text } of [read, swap]) await client.scriptLoad(text);
    return {
      store: redisStore(client, { clock }),
      raw: {
        async create(key, value, expiresAt) {
          const life = { type: "PX", value: expiresAt - clock.now() } as const;
          return (await lean.set(key, value, { expiration: life, condition: "NX" })) !== null;
        },
        async read(key) {
          const [value] = (await lean.evalSha(read.sha1, { keys: [key] })) as unknown as [Buffer | null];
          return value;
        },
        async update(key, before, value, expiresAt) {
          const life = String(expiresAt - clock.now());
          return (
            (await lean.evalSha(swap.sha1, { keys: [key], arguments: [Buffer.from(before), value, life] as never })) ===
            1
          );
        },
      },
      size: async () => usedMemory(await client.info("memory")),
      close: () => client.destroy(),
    };
  },
};

/** What ioredis has for every command, and types for a few. */
interface Untyped {
  evalshaBuffer(sha1: string, keys: 1, key: string, ...args: (Buffer | number)[]): Promise<unknown>;
}

/** The client as it comes. */
export const ioredis: Subject = {
  name: "redis",
  title: "redis, by ioredis 5",
  start: startRedis,
  async connect(url, clock) {
    const client = new Redis(url) as Redis & Untyped;
    const { read, swap } = SCRIPTS;
    for (const { text } of [read, swap]) await client.script("LOAD", text);
    return {
      store: redisStore(client, { clock }),
      raw: {
        async create(key, value, expiresAt) {
          return (await client.set(key, value, "PX", expiresAt - clock.now(), "NX")) !== null;
        },
        async read(key) {
          const [value] = (await client.evalshaBuffer(read.sha1, 1, key)) as [Buffer | null];
          return value;
        },
        async update(key, before, value, expiresAt) {
          const life = expiresAt - clock.now();
          return (await client.evalshaBuffer(swap.sha1, 1, key, Buffer.from(before), value, life)) === 1;
        },
      },
      size: async () => usedMemory(await client.info("memory")),
      close: () => client.disconnect(),
    };
  },
};

/** What Redis has no command for, as short as it can be said. */
const SCRIPTS = {
  read: script("return { redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1]) }"),
  swap: script(`if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`),
};

function script(text: string): { text: string; sha1: string } {
  return { text, sha1: createHash("sha1").update(text).digest("hex") };
}

function usedMemory(info: string): number {
  return Number(/^used_memory:(\d+)/m.exec(info)?.[1]);
}
