import { randomUUID } from "node:crypto";
import { Cluster as IoCluster } from "ioredis";
import { createClient, createCluster, createSentinel } from "redis";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Listable, Store } from "../../src/store.ts";
import { redisStore } from "../../src/stores/redis.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { bytes } from "../../src/testing/internal/stage.ts";
import { testListable, testStore } from "../../src/testing/store-suite.ts";
import { testWriters } from "../../src/testing/store-writers.ts";
import { canStart, engine, has, startRedis, startSentinel, untilTheEnd } from "../engines.ts";
import { clients, connected, insistent, type Lent, ready } from "./redis-clients.ts";
import { startFaultProxy } from "../faults/proxy.ts";
import { ODD_DEADLINES, writeAll } from "./odd-deadlines.ts";
import { startWorker } from "./start-worker.ts";
import { entry, holding, inAMinute } from "./entries.ts";

const MINUTE = 60_000;

// Many tests of the kit wait for a deadline that Redis counts down; they wait together.
vi.setConfig({ maxConcurrency: 20 });

type Probe = ReturnType<typeof createClient>;

describe.skipIf(!has("redis"))("redis store", () => {
  let url: string;
  /** Looks at Redis past the store. */
  let probe: Probe;

  beforeAll(async () => {
    ({ url } = await engine("redis"));
    probe = await use(connected(createClient({ url })));
  });

  describe.each(Object.entries(clients))("over %s", (_name, lend) => {
    const prefix = newPrefix();
    let store: Store & Listable;

    beforeAll(async () => {
      store = redisStore(await use(lend(url)), { prefix });
    });
    afterAll(async () => {
      for await (const [key] of store.list()) await store.delete(key);
    });

    testStore({ test: test.concurrent, open: () => store, time: "engine" });
    testListable({ test: test.concurrent, open: () => store, time: "engine" });
  });

  describe.each(["redis 6", "ioredis 6"])("over %s, from several processes", (name) => {
    testWriters({
      test,
      open: () => redisStore(probe),
      spawn: (plan) => startWorker("redis", name, url, plan),
    });
  });

  test.each(Object.entries(insistent))(
    "rejects a swap that %s sent again by itself where another had come between: it may have been made",
    async (_name, lend) => {
      const line = await untilTheEnd(startFaultProxy(Number(new URL(url).port)));
      const client = await use(lend(`redis://127.0.0.1:${line.port}`));
      const [own, other] = [redisStore(client), redisStore(probe)];
      const key = "sent twice";
      await own.delete(key);
      await own.create(key, entry("0"));
      // Redis knows the script from then on.
      await own.update(key, { ...entry("a"), before: bytes("0") });
      Object.assign(line.faults, { lostReplies: 1, refuses: true });
      const swapped = own.update(key, { ...entry("b"), before: bytes("a") });
      await expect.poll(() => other.update(key, { ...entry("c"), before: bytes("b") })).toEqual({ done: true });
      line.heal();
      await expect(swapped).rejects.toThrow("sent again");
      expect(await own.update(key, { ...entry("d"), before: bytes("x") })).toMatchObject({ current: holding("c") });
    },
  );

  test("writes as a Python peer does: the value alone, under prefix and key, with a life of whole seconds", async () => {
    const [prefix, clock] = [newPrefix(), manualClock()];
    const store = redisStore(probe, { prefix, clock });
    await store.create("sid", { value: bytes("\u0081\u00A1a\u0001"), expiresAt: clock.now() + MINUTE });
    expect(await probe.get(`${prefix}sid`)).toBe("\u0081\u00A1a\u0001");
    expect(await probe.ttl(`${prefix}sid`)).toBe(60);
  });

  test("reads a key that a peer left without a life as endless, and gives it one", async () => {
    const prefix = newPrefix();
    const store = redisStore(probe, { prefix });
    await probe.set(`${prefix}endless`, "a");
    expect(await store.read("endless")).toEqual({ value: Buffer.from("a"), expiresAt: 8_640_000_000_000_000 });
    await store.update("endless", { expiresAt: inAMinute() });
    expect(await probe.ttl(`${prefix}endless`)).toBeGreaterThan(0);
  });

  test.each(ODD_DEADLINES)("leaves no key without a life for the deadline %d", async (deadline) => {
    const prefix = newPrefix();
    await writeAll(redisStore(probe, { prefix }), "key", deadline, async () => {
      expect(await probe.ttl(`${prefix}key`)).not.toBe(-1);
    });
  });

  test("rejects where a key holds no string", async () => {
    const prefix = newPrefix();
    const store = redisStore(probe, { prefix });
    await probe.hSet(`${prefix}hash`, "field", "value");
    await expect(store.read("hash")).rejects.toThrow("WRONGTYPE");
    await expect(store.update("hash", { ...entry("b"), before: bytes("a") })).rejects.toThrow("WRONGTYPE");
    await store.delete("hash");
  });

  test("lists the strings under its prefix, odd as it may be, and nothing else", async () => {
    const prefix = String.raw`${newPrefix()}a*[b]?\c:`;
    const store = redisStore(probe, { prefix });
    const keys = Array.from({ length: 1000 }, (_, index) => `käse ${index}`);
    await Promise.all(keys.map((key) => store.create(key, entry(key))));
    await redisStore(probe, { prefix: prefix.replace("*", "x") }).create("stranger", entry("a"));
    await probe.hSet(`${prefix}hash`, "field", "value");
    const found: [string, string][] = [];
    for await (const [key, { value }] of store.list()) found.push([key, value.toString()]);
    expect(found).toHaveLength(keys.length);
    expect(new Map(found)).toEqual(new Map(keys.map((key) => [key, key])));
    await store.delete("hash");
  });
});

describe.skipIf(!canStart("redis"))("redis store over a Redis of its own", () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let probe: Probe;

  beforeAll(async () => {
    redis = await untilTheEnd(startRedis());
    probe = await use(connected(createClient({ url: redis.url })));
  });

  /** How often Redis was asked which command meanwhile, those that a script calls among them. */
  async function asked(act: () => Promise<unknown>): Promise<Record<string, number>> {
    await probe.configResetStat();
    await act();
    const stats = await probe.info("commandstats");
    const calls = stats.matchAll(/^cmdstat_(\w+):calls=(\d+)/gm);
    return Object.fromEntries([...calls].map(([, name, count]) => [name, Number(count)]));
  }

  describe.each(Object.entries(clients))("over %s", (_name, lend) => {
    let store: Store & Listable;

    beforeAll(async () => {
      store = redisStore(await use(lend(redis.url)));
    });

    test("asks one command for each verb", async () => {
      const key = randomUUID();
      const change = { ...entry("b"), before: bytes("a") };
      await Promise.all([store.read(key), store.update(key, change)]);
      expect(await asked(() => store.create(key, entry("a")))).toEqual({ set: 1 });
      expect(await asked(() => store.read(key))).toEqual({ evalsha: 1, get: 1, pttl: 1 });
      expect(await asked(() => store.update(key, change))).toEqual({ evalsha: 1, get: 1, set: 1 });
      expect(await asked(() => store.update(key, change))).toEqual({ evalsha: 1, get: 1, pttl: 1 });
      expect(await asked(() => store.update(key, { expiresAt: inAMinute() }))).toEqual({ pexpire: 1 });
      expect(await asked(() => store.delete(key))).toEqual({ del: 1 });
    });

    test("goes on when Redis has forgotten the scripts", async () => {
      const key = randomUUID();
      await store.create(key, entry("a"));
      await probe.scriptFlush();
      expect(await Promise.all([store.read(key), store.read(key)])).toMatchObject([holding("a"), holding("a")]);
      await probe.scriptFlush();
      expect(await store.update(key, { ...entry("b"), before: bytes("a") })).toEqual({ done: true });
    });

    test("rejects while Redis is down, and goes on when it is back", async () => {
      const key = randomUUID();
      const mortal = await startRedis();
      const own = redisStore(await use(lend(mortal.url)));
      await own.create(key, entry("a"));
      process.kill(mortal.pid, "SIGKILL");
      await mortal.stop();

      const change = { ...entry("b"), before: bytes("a") };
      const verbs = [own.create(key, entry("a")), own.read(key), own.update(key, change), own.delete(key)];
      for (const { status } of await Promise.allSettled(verbs)) expect(status).toBe("rejected");

      await untilTheEnd(startRedis({ port: mortal.port }));
      await vi.waitFor(() => own.read(key), { timeout: 10_000 });
      expect(await own.create(key, entry("a"))).toBe(true);
    });

    test("rejects a write while Redis has no memory left, halves nothing, and goes on", async () => {
      const full = await untilTheEnd(startRedis({ args: ["--maxmemory-policy", "noeviction"] }));
      const own = redisStore(await use(lend(full.url)));
      const admin = await use(connected(createClient({ url: full.url })));
      const [key, other] = [randomUUID(), randomUUID()];
      await own.create(key, entry("a"));
      await admin.configSet("maxmemory", "1");
      await expect(own.create(other, entry("a"))).rejects.toThrow("OOM");
      await expect(own.update(key, { ...entry("b"), before: bytes("a") })).rejects.toThrow("OOM");
      expect(await own.read(key)).toMatchObject(holding("a"));
      expect(await own.delete(key)).toBe(true);
      await admin.configSet("maxmemory", "0");
      expect(await own.create(other, entry("a"))).toBe(true);
      expect(await own.read(key)).toBeUndefined();
    });

    test("rejects what Redis does not let its user do", async () => {
      const guarded = await untilTheEnd(startRedis());
      const own = redisStore(await use(lend(guarded.url)));
      const admin = await use(connected(createClient({ url: guarded.url })));
      await own.create("ours", entry("a"));
      await admin.aclSetUser("default", ["resetkeys", "~flagon:*", "-del"]);
      expect(await own.read("ours")).toMatchObject(holding("a"));
      await expect(own.delete("ours")).rejects.toThrow("NOPERM");
      await admin.aclSetUser("default", "allcommands");
      expect(await own.delete("ours")).toBe(true);
    });

    test("rejects a swap whose reply was lost, and does not make it again", async () => {
      const key = randomUUID();
      const line = await untilTheEnd(startFaultProxy(redis.port));
      const own = redisStore(await use(lend(`redis://127.0.0.1:${line.port}`)));
      await own.create(key, entry("a"));
      const swap = (before: string, next: string) => own.update(key, { ...entry(next), before: bytes(before) });
      await swap("a", "b");
      line.faults.lostReplies = 1;
      await expect(swap("b", "c")).rejects.toBeInstanceOf(Error);
      await vi.waitFor(() => own.read(key), { timeout: 10_000 });
      expect(await swap("c", "d")).toEqual({ done: true });
    });
  });

  describe("in a cluster", () => {
    let url: string;

    beforeAll(async () => {
      const args = ["--cluster-enabled", "yes", "--cluster-announce-ip", "127.0.0.1"];
      ({ url } = await untilTheEnd(startRedis({ args })));
      const node = await use(connected(createClient({ url })));
      await node.clusterAddSlotsRange({ start: 0, end: 16_383 });
      await vi.waitUntil(async () => (await node.clusterInfo()).includes("cluster_state:ok"), { timeout: 10_000 });
    });

    const kinds: [name: string, open: () => Promise<Store>][] = [
      ["redis 6", async () => redisStore(await use(connected(createCluster({ rootNodes: [{ url }] }))))],
      ["ioredis 5", async () => redisStore(await use(ready(new IoCluster([url]))), { prefix: newPrefix() })],
    ];
    describe.each(kinds)("over %s", (_name, open) => {
      let store: Store;
      beforeAll(async () => {
        store = await open();
      });

      testStore({ test: test.concurrent, open: () => store, time: "engine" });

      test("does not claim to list what one connection cannot see", () => {
        expect(store).not.toHaveProperty("list");
      });
    });
  });

  describe("behind Sentinel", () => {
    let store: Store;

    beforeAll(async () => {
      const { port } = await untilTheEnd(startSentinel(redis.port));
      const client = createSentinel({ name: "primary", sentinelRootNodes: [{ host: "127.0.0.1", port }] });
      store = redisStore(await use(connected(client)));
    });

    testStore({ test: test.concurrent, open: () => store, time: "engine" });
  });
});

describe("redis store without Redis", () => {
  const nodeRedis4 = { sendCommand: async () => "OK", isOpen: true };
  test.each([undefined, null, "redis://localhost", {}, new Map(), nodeRedis4])("refuses %s as a client", (client) => {
    expect(() => redisStore(client as never)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });

  test.each([{ prefix: 5 }, { clock: 5 }, { durable: { replicas: 0 } }, { durable: { timeout: 0 } }])(
    "refuses the options %o",
    (options) => {
      const client = {
        callBuffer: async () => null,
        pipeline: () => ({ exec: async () => null }),
        on: () => undefined,
      };
      expect(() => redisStore(client, options as never)).toThrow(expect.objectContaining({ code: "CONFIG" }));
    },
  );
});

/** A client until the file's last test has run. */
async function use<Client>(lending: Promise<Lent<Client>>): Promise<Client> {
  const { client } = await untilTheEnd(lending);
  return client;
}

function newPrefix(): string {
  return `flagon-test:${randomUUID()}:`;
}
