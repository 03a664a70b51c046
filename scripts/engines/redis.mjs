import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { says, startServer } from "./server.mjs";
import { versionOf } from "./version.mjs";

/**
 * @import { Engines, Server, startCluster as StartCluster, startRedis as StartRedis, startReplica as StartReplica } from "./index.d.mts"
 * @import { startSentinel as StartSentinel, startSentinels as StartSentinels } from "./index.d.mts"
 */

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

/** @type {typeof StartReplica} */
export async function startReplica(primary) {
  redisCli(primary.port, "config", "set", "repl-diskless-sync-delay", "0");
  const replica = await startRedis({ args: ["--replicaof", "127.0.0.1", `${primary.port}`] });
  await isSaid([replica], "info replication", "master_link_status:up");
  return replica;
}

/** @type {typeof StartCluster} */
export async function startCluster() {
  const args = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000", "--cluster-announce-ip", "127.0.0.1"];
  const start = () => startRedis({ args: [...args, "--repl-diskless-sync-delay", "0"] });
  const nodes = await Promise.all(Array.from({ length: 6 }, start));
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  redisCli(nodes[0].port, "--cluster", "create", ...addresses, "--cluster-replicas", "1", "--cluster-yes");
  await isSaid(nodes, "cluster info", "cluster_state:ok");
  await isSaid(nodes.slice(0, 3), "info replication", "connected_slaves:1");
  await isSaid(nodes.slice(3), "info replication", "master_link_status:up");
  return { nodes, stop: () => stopAll(nodes) };
}

/** @type {typeof StartSentinel} */
export function startSentinel(redisPort) {
  return sentinel(redisPort, 1);
}

/** @type {typeof StartSentinels} */
export async function startSentinels() {
  const primary = await startRedis();
  const replica = await startReplica(primary);
  const settings = ["down-after-milliseconds primary 1000", "failover-timeout primary 5000"];
  const sentinels = await Promise.all([1, 2, 3].map(() => sentinel(primary.port, 2, settings)));
  await isSaid(sentinels, "sentinel ckquorum primary", "OK 3 usable");
  await isSaid(sentinels, "info sentinel", "slaves=1,sentinels=3");
  return { primary, replica, sentinels, stop: () => stopAll([...sentinels, replica, primary]) };
}

function sentinel(redisPort, quorum, settings = []) {
  return startServer({
    command: "redis-server",
    args: (at, folder) => {
      // A Sentinel keeps what it learns in its configuration file, and will not start without one.
      const file = join(folder, "sentinel.conf");
      const monitor = `monitor primary 127.0.0.1 ${redisPort} ${quorum}`;
      const lines = [monitor, ...settings].map((each) => `sentinel ${each}\n`);
      writeFileSync(file, `port ${at}\nbind 127.0.0.1\n${lines.join("")}`);
      return [file, "--sentinel"];
    },
    isUp,
  });
}

function redisCli(port, ...args) {
  const { status, stdout, stderr } = spawnSync("redis-cli", ["-p", `${port}`, ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`redis-cli ${args.join(" ")} failed:\n${stdout}${stderr}`);
  return stdout;
}

/** Waits until all servers answer a question with something that has these words in it. */
async function isSaid(servers, question, words) {
  for (const { port } of servers) {
    const end = Date.now() + 20_000;
    while (!redisCli(port, ...question.split(" ")).includes(words)) {
      if (Date.now() > end) throw new Error(`the server at port ${port} does not say ${words} to ${question}`);
      await sleep(50);
    }
  }
}

/** @param {Server[]} servers */
async function stopAll(servers) {
  await Promise.all(servers.map((each) => each.stop()));
}
