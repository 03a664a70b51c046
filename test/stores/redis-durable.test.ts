import { randomUUID } from "node:crypto";
import { Cluster as IoCluster5 } from "ioredis";
import { Cluster as IoCluster6 } from "ioredis6";
import { createClient, createCluster as createCluster6, createSentinel } from "redis";
import { createCluster as createCluster5 } from "redis5";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Durable, Store } from "../../src/store.ts";
import { redisStore } from "../../src/stores/redis.ts";
import { bytes, newKey, range } from "../../src/testing/internal/stage.ts";
import { testStore } from "../../src/testing/store-suite.ts";
import { canStart, startCluster, startRedis, startReplica, startSentinel, untilTheEnd } from "../engines.ts";
import { clients, connected, ready } from "./redis-clients.ts";
import { startFaultProxy } from "../faults/proxy.ts";
import { entry } from "./entries.ts";

// The kit's tests that wait for a deadline of Redis wait together.
vi.setConfig({ maxConcurrency: 20 });

const DURABLE = { durable: { replicas: 1, timeout: 0.2 } };

/** The last slot of a cluster's first primary of three. */
const LAST_OF_FIRST = 5460;

type Stopped = { readonly pid: number };

describe.skipIf(!canStart("redis"))("redis store that waits for replicas", () => {
  describe("of one primary", () => {
    let primary: Awaited<ReturnType<typeof startRedis>>;
    let replica: Awaited<ReturnType<typeof startReplica>>;

    beforeAll(async () => {
      primary = await untilTheEnd(startRedis());
      replica = await untilTheEnd(startReplica(primary));
    });

    describe.each(Object.entries(clients))("over %s", (_name, open) => {
      let store: Store & Durable;
      beforeAll(async () => {
        const { client } = await untilTheEnd(open(primary.url));
        store = redisStore(client, { prefix: newPrefix(), ...DURABLE });
      });

      testWaits(
        () => store,
        () => [replica],
      );
    });

    describe("over redis 6 behind Sentinel", () => {
      let store: Store & Durable;
      beforeAll(async () => {
        const { port } = await untilTheEnd(startSentinel(primary.port));
        const sentinel = createSentinel({ name: "primary", sentinelRootNodes: [{ host: "127.0.0.1", port }] });
        const { client } = await untilTheEnd(connected(sentinel));
        store = redisStore(client, { prefix: newPrefix(), ...DURABLE });
      });

      testWaits(
        () => store,
        () => [replica],
      );
    });

    test("says no where fewer replicas are than were asked for", async () => {
      const { client } = await untilTheEnd(lendFirst(primary.url));
      const store = redisStore(client, { durable: { replicas: 2, timeout: 0.05 } });
      const key = newKey();
      expect(await store.create(key, entry("a"))).toBe(true);
      expect(await store.confirm(key)).toBe(false);
    });

    test("lets few writes wait where there is no replica", async () => {
      const lonely = await untilTheEnd(startRedis());
      const { client } = await untilTheEnd(lendFirst(lonely.url));
      const store = redisStore(client, DURABLE);
      const keys = range(40).map(newKey);
      expect(await Promise.all(keys.map((key) => store.create(key, entry("a"))))).toEqual(keys.map(() => true));
      const probe = await untilTheEnd(connected(createClient({ url: lonely.url })));
      const [, waits] = /^cmdstat_wait:calls=(\d+)/m.exec(await probe.client.info("commandstats")) ?? [];
      expect(Number(waits)).toBeGreaterThan(0);
      expect(Number(waits)).toBeLessThan(10);
    });

    test.each(["redis 6", "ioredis 6"])("says no of a write whose reply was lost, over %s", async (name) => {
      const line = await untilTheEnd(startFaultProxy(primary.port));
      const { client } = await untilTheEnd(lend(name, `redis://127.0.0.1:${line.port}`));
      const store = redisStore(client, DURABLE);
      const key = newKey();
      await store.create(key, entry("a"));
      line.faults.lostReplies = 1;
      await expect(store.update(key, { ...entry("b"), before: bytes("a") })).rejects.toBeInstanceOf(Error);
      await vi.waitFor(() => store.read(key), { timeout: 10_000 });
      expect(await store.confirm(key)).toBe(false);
    });

    test("says no of writes that overlap, because nobody knows which was the last", async () => {
      const { client } = await untilTheEnd(lendFirst(primary.url));
      const store = redisStore(client, DURABLE);
      const key = newKey();
      const touch = () => ({ expiresAt: entry("").expiresAt });
      await store.create(key, entry("a"));
      await Promise.all([store.update(key, touch()), store.update(key, touch())]);
      expect(await store.confirm(key)).toBe(false);
      await store.update(key, touch());
      expect(await store.confirm(key)).toBe(true);
    });

    test("says no of a key that it has not written", async () => {
      const { client } = await untilTheEnd(lendFirst(primary.url));
      const [store, other] = [redisStore(client, DURABLE), redisStore(client, DURABLE)];
      const key = newKey();
      await other.create(key, entry("a"));
      await store.read(key);
      await store.create(key, entry("b"));
      expect(await store.confirm(key)).toBe(false);
    });
  });

  describe("of a cluster", () => {
    let cluster: Awaited<ReturnType<typeof startCluster>>;
    beforeAll(async () => {
      cluster = await untilTheEnd(startCluster());
      // No replica is to take over from a primary that is only stopped.
      for (const { url: each } of cluster.nodes) {
        const { client } = await untilTheEnd(connected(createClient({ url: each })));
        await client.configSet("cluster-node-timeout", "600000");
      }
    });

    const url = () => cluster.nodes[0]?.url ?? "";
    const kinds: Record<string, () => Promise<Store & Durable>> = {
      "redis 6": async () =>
        redisStore((await lendCluster(createCluster6({ rootNodes: [{ url: url() }] }))).client, DURABLE),
      "redis 5": async () =>
        redisStore((await lendCluster(createCluster5({ rootNodes: [{ url: url() }] }))).client, DURABLE),
      "ioredis 6": async () => redisStore((await untilTheEnd(ready(new IoCluster6([url()])))).client, DURABLE),
      "ioredis 5": async () => redisStore((await untilTheEnd(ready(new IoCluster5([url()])))).client, DURABLE),
    };
    describe.each(Object.entries(kinds))("over %s", (_name, open) => {
      let store: Store & Durable;
      beforeAll(async () => {
        store = await open();
      });

      testWaits(
        () => store,
        () => cluster.nodes.slice(3),
      );

      test("writes to one primary while another stands still", async () => {
        const [{ port, pid } = { port: 0, pid: 0 }] = cluster.nodes;
        const { client } = await untilTheEnd(connected(createClient({ url: `redis://127.0.0.1:${port}` })));
        const [own, others]: [string[], string[]] = [[], []];
        for (const key of range(60).map(newKey)) {
          ((await client.clusterKeySlot(`flagon:${key}`)) <= LAST_OF_FIRST ? own : others).push(key);
        }
        const write = (key: string) => store.create(key, entry("a"));
        process.kill(pid, "SIGSTOP");
        const held = own.map(write);
        const written: boolean[] = [];
        const free = others.map(async (key) => written.push(await write(key)));
        await expect
          .poll(() => written)
          .toEqual(others.map(() => true))
          .finally(() => process.kill(pid, "SIGCONT"));
        await Promise.all(free);
        expect(await Promise.all(held)).toEqual(own.map(() => true));
      });
    });
  });
});

/** What has to be true of a store whose every primary has one replica. */
function testWaits(storeOf: () => Store & Durable, replicasOf: () => readonly Stopped[]): void {
  testStore({ test: test.concurrent, open: storeOf, time: "engine" });

  afterAll(() => signal("SIGCONT"));
  const signal = (name: NodeJS.Signals) => replicasOf().forEach(({ pid }) => process.kill(pid, name));

  /** Whether each kind of write is said to be safe. */
  async function answers(): Promise<boolean[]> {
    const store = storeOf();
    const key = newKey();
    const writes = [
      () => store.create(key, entry("a")),
      () => store.update(key, { ...entry("b"), before: bytes("a") }),
      () => store.update(key, { expiresAt: entry("b").expiresAt }),
      () => store.delete(key),
    ];
    const told: boolean[] = [];
    for (const write of writes) {
      expect([true, { done: true }]).toContainEqual(await write());
      told.push(await store.confirm(key));
    }
    return told;
  }

  test("says yes of each write while there is a replica, no without it, and soon yes again", async () => {
    expect(await answers()).toEqual([true, true, true, true]);
    signal("SIGSTOP");
    expect(await answers()).toEqual([false, false, false, false]);
    signal("SIGCONT");
    await expect.poll(answers).toEqual([true, true, true, true]);
  });

  test("gives what stands there where a swap is lost, byte for byte", async () => {
    const store = storeOf();
    const key = newKey();
    const value = Uint8Array.of(0x81, 0xff, 0x00, 0x0d, 0x0a);
    await store.create(key, { ...entry("a"), value });
    const updated = await store.update(key, { ...entry("b"), before: bytes("x") });
    expect(updated).toMatchObject({ done: false, current: { value: Buffer.from(value) } });
  });
}

function lendFirst(url: string) {
  return lend("redis 6", url);
}

function lend(name: string, url: string) {
  const open = clients[name];
  if (!open) throw new Error(`there is no client of the name ${name}`);
  return open(url);
}

function lendCluster<Client extends Parameters<typeof connected>[0]>(client: Client) {
  return untilTheEnd(connected(client));
}

function newPrefix(): string {
  return `flagon-test:${randomUUID()}:`;
}
