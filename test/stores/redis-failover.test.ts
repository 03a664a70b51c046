import { Cluster as IoCluster, Redis as IoRedis } from "ioredis6";
import { createClient, createCluster, createSentinel } from "redis";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { Durable, Store } from "../../src/store.ts";
import { type RedisClient, type RedisClusterClient, redisStore } from "../../src/stores/redis.ts";
import { canStart, startCluster, startSentinels } from "../engines.ts";
import { connected, type Lent, ready } from "./redis-clients.ts";
import { countUnderLoad, look, type Tally } from "./redis-load.ts";

/** How long the engines may take to agree on a new primary, and the clients to find it, in milliseconds. */
const ELECTION = { timeout: 30_000, interval: 20 };

/** Servers of which one is to die. */
interface Deployment {
  /** Where a client asks for the others. */
  readonly seeds: readonly { host: string; port: number }[];
  /** The ports of those that survive. */
  readonly survivors: readonly number[];
  /** Kills a primary that has sessions, and resolves when another is elected. */
  killPrimary(): Promise<void>;
}

type Lend = (seeds: { host: string; port: number }[]) => Promise<Lent<RedisClient | RedisClusterClient>>;

/** The options are those of docs/stores/redis.md. */
const clusters: Record<string, Lend> = {
  "redis 6": (seeds) => {
    const cluster = createCluster({
      rootNodes: seeds.map((socket) => ({ socket })),
      defaults: { disableOfflineQueue: true, socket: { reconnectStrategy: 100 } },
      topologyRefreshOnReconnectionAttemptStrategy: 500,
    });
    return connected(cluster);
  },
  "ioredis 6": (seeds) => {
    const cluster = new IoCluster(seeds, {
      enableOfflineQueue: false,
      retryDelayOnFailover: 0,
      slotsRefreshInterval: 500,
    });
    return ready(cluster);
  },
};

const sentinels: Record<string, Lend> = {
  "redis 6": (seeds) => {
    const sentinel = createSentinel({
      name: "primary",
      sentinelRootNodes: seeds,
      nodeClientOptions: { disableOfflineQueue: true },
    });
    return connected(sentinel);
  },
  "ioredis 6": (seeds) => {
    const client = new IoRedis({
      name: "primary",
      sentinels: seeds,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: () => 100,
    });
    return ready(client);
  },
};

describe.skipIf(!canStart("redis"))("redis store while a primary dies under load", () => {
  describe.each(Object.entries(clusters))("of a cluster, over %s", (_name, lend) => {
    testFailover(inCluster, lend);
  });
  describe.each(Object.entries(sentinels))("behind Sentinel, over %s", (_name, lend) => {
    testFailover(atSentinels, lend);
  });
});

function testFailover(start: () => Promise<Deployment>, lend: Lend): void {
  test("shows nobody another's data, leaves no key without an end, and is back", async () => {
    const { lost, acknowledged } = await failOver(start, lend);
    expect(acknowledged).toBeGreaterThan(0);
    console.log(`redis: the failover lost ${lost} of ${acknowledged} acknowledged updates`);
  });

  test("loses no update that a replica has confirmed", async () => {
    const { confirmed, lostConfirmed } = await failOver(start, lend, { durable: { replicas: 1, timeout: 0.1 } });
    expect(confirmed).toBeGreaterThan(0);
    expect(lostConfirmed).toBe(0);
  });
}

/** Kills a primary while 20 sessions are written, holds what is left against what must be, and tells what was lost. */
async function failOver(start: () => Promise<Deployment>, lend: Lend, options = {}): Promise<Tally> {
  const { seeds, survivors, killPrimary } = await start();
  const { client } = await untilItsEnd(lend([...seeds]));
  const store: Store & Partial<Durable> = redisStore(client as RedisClient, options);
  const { tallies, stop } = countUnderLoad(store, 20);
  onTestFinished(stop);
  await vi.waitUntil(() => tallies.every(({ acknowledged }) => acknowledged >= 3), ELECTION);

  await killPrimary();
  const electedAt = Date.now();
  await vi.waitUntil(() => tallies.every(({ servedAt }) => servedAt > electedAt), ELECTION);
  console.log(`redis: all were served again ${Date.now() - electedAt} ms after the election`);

  await stop();
  for (const tally of tallies) look(tally, await store.read(tally.key));
  expect(tallies.map(({ foreign }) => foreign)).toEqual(tallies.map(() => 0));
  for (const port of survivors) expect(await keysWithoutEnd(port)).toEqual([]);
  return sumOf(tallies);
}

function sumOf([first, ...rest]: readonly Tally[]): Tally {
  if (!first) throw new Error("there was no load");
  const names = ["acknowledged", "lost", "confirmed", "lostConfirmed"] as const;
  const sum = { ...first };
  for (const each of rest) for (const name of names) sum[name] += each[name];
  return sum;
}

/** The keys of a primary that would stay for ever. */
async function keysWithoutEnd(port: number): Promise<string[]> {
  const client = await probe(port);
  if (!(await says(client, "role:master"))) return [];
  const endless: string[] = [];
  for await (const keys of client.scanIterator()) {
    for (const key of keys) if ((await client.pTTL(key)) === -1) endless.push(key);
  }
  return endless;
}

async function inCluster(): Promise<Deployment> {
  const { nodes } = await untilItsEnd(startCluster());
  const [dies, ...survivors] = nodes;
  if (!dies) throw new Error("the cluster is empty");
  const probes = await Promise.all(survivors.map(({ port }) => probe(port)));
  const replicas = await Promise.all(probes.map((each) => says(each, `master_port:${dies.port}`)));
  const heir = probes[replicas.indexOf(true)];
  if (!heir) throw new Error("the primary has no replica");
  return {
    seeds: nodes.map(({ port }) => ({ host: "127.0.0.1", port })),
    survivors: survivors.map(({ port }) => port),
    async killPrimary() {
      process.kill(dies.pid, "SIGKILL");
      await vi.waitUntil(() => says(heir, "role:master"), ELECTION);
      const isWhole = async (each: Probe) => (await each.clusterInfo()).includes("cluster_state:ok");
      for (const each of probes) await vi.waitUntil(() => isWhole(each), ELECTION);
    },
  };
}

async function atSentinels(): Promise<Deployment> {
  const { primary, replica, sentinels: watchers } = await untilItsEnd(startSentinels());
  const heir = await probe(replica.port);
  return {
    seeds: watchers.map(({ port }) => ({ host: "127.0.0.1", port })),
    survivors: [replica.port],
    async killPrimary() {
      process.kill(primary.pid, "SIGKILL");
      await vi.waitUntil(() => says(heir, "role:master"), ELECTION);
    },
  };
}

type Probe = Awaited<ReturnType<typeof probe>>;

/** A client that looks at one server past the store. */
async function probe(port: number) {
  return (await untilItsEnd(connected(createClient({ socket: { host: "127.0.0.1", port } })))).client;
}

async function says(server: Probe, words: string): Promise<boolean> {
  // Sentinel cuts every client's connection to the server that it makes the primary.
  const said = await server.info("replication").catch(() => "");
  return said.includes(words);
}

/** Stops what is opened after the test that opened it: the servers of all tests together would be too many. */
async function untilItsEnd<Opened extends { stop(): unknown }>(opening: Promise<Opened>): Promise<Opened> {
  const opened = await opening;
  onTestFinished(async () => void (await opened.stop()));
  return opened;
}
