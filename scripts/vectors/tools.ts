import { openRedis } from "./redis.ts";
import type { Tools } from "./suite.ts";

/** What cases are run with. What a tool needs is started at the first case that asks for it. */
export function openTools(): Tools & { close(): Promise<void> } {
  const opened = new Map<string, Promise<{ close(): unknown }>>();
  function once<Tool extends { close(): unknown }>(name: string, open: () => Promise<Tool>): Promise<Tool> {
    const tool = (opened.get(name) as Promise<Tool> | undefined) ?? open();
    opened.set(name, tool);
    return tool;
  }
  return {
    once,
    async redis() {
      const redis = await once("redis", openRedis);
      await redis.command("FLUSHDB");
      return redis;
    },
    async close() {
      for (const tool of opened.values()) await (await tool).close();
    },
  };
}
