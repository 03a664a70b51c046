import { connect } from "node:net";
import { says, startServer } from "./server.mjs";
import { versionOf } from "./version.mjs";

/** @import { Engines, askMemcached as AskMemcached, startMemcached as StartMemcached } from "./index.d.mts" */

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
    // It sees to SIGTERM only once a second, and has nothing to keep.
    stopsBy: "SIGKILL",
    prepare,
    isUp,
    port,
  });
  return { ...server, server: `127.0.0.1:${server.port}` };
}

/** @type {typeof AskMemcached} */
export async function askMemcached(server, command) {
  const [host, port] = server.split(":");
  const socket = connect(Number(port), host).setEncoding("latin1");
  socket.write(`${command}\r\nmn\r\n`, "latin1");
  let said = "";
  for await (const piece of socket) {
    said += piece;
    if (said.endsWith("MN\r\n")) break;
  }
  return said.slice(0, -"MN\r\n".length);
}
