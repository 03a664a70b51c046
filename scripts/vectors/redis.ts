import { Redis } from "ioredis";
import { engineFor } from "./engine.ts";
import { entries } from "./entries.ts";
import type { Entry, Suite, TestRedis } from "./suite.ts";

interface RedisEntry extends Entry {
  key_prefix?: string;
  key?: string;
  ttl: number;
  value_b64: string;
}

/** Flask-Session's entries in Redis, all of one format. */
export function redisEntries(format: "msgpack" | "json"): Suite {
  return {
    engine: "redis",
    groups: entries<RedisEntry>(async (example, tools) => {
      const { key_prefix = "session:", key = `${key_prefix}unencodable`, value_b64, ttl } = example;
      const redis = await tools.redis();
      return {
        config: {
          SESSION_TYPE: "redis",
          SESSION_REDIS: redis.client,
          SESSION_KEY_PREFIX: key_prefix,
          SESSION_SERIALIZATION_FORMAT: format,
        },
        put: () => redis.command("SET", key, Buffer.from(value_b64, "base64"), "EX", "1000"),
        async stored() {
          const value = (await redis.command("GET", key)) as Buffer | null;
          const left = Number(await redis.command("PTTL", key));
          return value === null ? undefined : [value.toString("base64"), Math.ceil(left / 1000)];
        },
        written: [value_b64, ttl],
      };
    }),
  };
}

/** A Redis that is empty for each case. */
export async function openRedis(): Promise<TestRedis & { close(): Promise<void> }> {
  const server = await engineFor("redis");
  const client = new Redis(server.url);
  return {
    client,
    command: (name: string | Buffer, ...words: (string | Buffer)[]) => client.callBuffer(String(name), ...words),
    async close() {
      client.disconnect();
      await server.stop();
    },
  };
}
