import { Redis } from "ioredis";
import { engines, install, lookFor } from "../engines/index.mjs";
import type { TestRedis, Tools } from "./suite.ts";

/** What cases are run with; the Redis is started at the first case that asks for it, and is empty for each. */
export async function openTools(): Promise<Tools & { close(): Promise<void> }> {
  let opened: Promise<TestRedis & { close(): Promise<void> }> | undefined;
  return {
    async redis() {
      opened ??= openRedis();
      const redis = await opened;
      await redis.command("FLUSHDB");
      return redis;
    },
    close: async () => (await opened)?.close(),
  };
}

async function openRedis() {
  install(["redis"]);
  const { found, line } = lookFor("redis");
  if (!found) throw new Error(line);
  const server = await engines.redis.open();
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
