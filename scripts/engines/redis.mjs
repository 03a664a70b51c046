import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { says, startServer } from "./server.mjs";
import { versionOf } from "./version.mjs";

/** @import { Engines, startRedis as StartRedis, startSentinel as StartSentinel } from "./index.d.mts" */

const isUp = says("PING\r\n", "+PONG");

/** @type {Engines["redis"]} */
export const redis = {
  title: "redis-server",
  variable: "REDIS_URL",
  packages: ["redis-server"],
  version: () => versionOf("redis-server"),
  async open() {
    const url = process.env[this.variable];
    return url ? { url, stop: async () => {} } : startRedis();
  },
};

/** @type {typeof StartRedis} */
export async function startRedis({ port, args = [] } = {}) {
  const server = await startServer({
    command: "redis-server",
    args: (at) => ["--port", `${at}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", ...args],
    isUp,
    port,
  });
  return { ...server, url: `redis://127.0.0.1:${server.port}` };
}

/** @type {typeof StartSentinel} */
export function startSentinel(redisPort) {
  return startServer({
    command: "redis-server",
    args: (at, folder) => {
      // A Sentinel keeps what it learns in its configuration file, and will not start without one.
      const file = join(folder, "sentinel.conf");
      writeFileSync(file, `port ${at}\nbind 127.0.0.1\nsentinel monitor primary 127.0.0.1 ${redisPort} 1\n`);
      return [file, "--sentinel"];
    },
    isUp,
  });
}
