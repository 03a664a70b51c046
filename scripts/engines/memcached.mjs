import { says, startServer } from "./server.mjs";
import { versionOf } from "./version.mjs";

/** @import { Engines, startMemcached as StartMemcached } from "./index.d.mts" */

/** @type {Engines["memcached"]} */
export const memcached = {
  title: "memcached",
  variable: "MEMCACHED_SERVER",
  packages: ["memcached"],
  version: () => versionOf("memcached"),
  async open() {
    const server = process.env[this.variable];
    return server ? { server, stop: async () => {} } : startMemcached();
  },
};

/** @type {typeof StartMemcached} */
export async function startMemcached({ port, args = [], prepare, isUp = says("mn\r\n", "MN") } = {}) {
  const server = await startServer({
    command: "memcached",
    args: (at) => ["--listen=127.0.0.1", `--port=${at}`, "--udp-port=0", ...args],
    user: "memcache",
    prepare,
    isUp,
    port,
  });
  return { ...server, server: `127.0.0.1:${server.port}` };
}
