import { createClient, createCluster } from "redis";
import { createClient as createClient5 } from "redis5";
import { Redis as IoRedis } from "ioredis6";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Entry, Store, Watch, Watchable } from "../../src/store.ts";
import { cachedStore } from "../../src/stores/cached.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { redisStore } from "../../src/stores/redis.ts";
import { type ManualClock, manualClock } from "../../src/testing/clock.ts";
import { bytes, newKey } from "../../src/testing/internal/stage.ts";
import { testListable, testStore } from "../../src/testing/store-suite.ts";
import { testWriters } from "../../src/testing/store-writers.ts";
import { canStart, startRedis, untilTheEnd } from "../engines.ts";
import { connected, ready } from "./redis-clients.ts";
import { startFaultProxy } from "../faults/proxy.ts";
import { startWorker } from "./start-worker.ts";

const SECOND = 1000;

// The kit's tests that wait for a deadline of Redis wait together.
vi.setConfig({ maxConcurrency: 20 });

const NODE_REDIS = {
  RESP: 3,
  emitInvalidate: true,
  disableOfflineQueue: true,
  socket: { reconnectStrategy: 20 },
} as const;

describe.skipIf(!canStart("redis"))("cached store, memory before Redis", () => {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let probe: Awaited<ReturnType<typeof lend>>;

  beforeAll(async () => {
    redis = await untilTheEnd(startRedis());
    probe = await lend();
  });

  async function lend(url = redis.url) {
    return (await untilTheEnd(connected(createClient({ url, ...NODE_REDIS })))).client;
  }

  async function lend5() {
    return (await untilTheEnd(connected(createClient5({ url: redis.url, ...NODE_REDIS })))).client;
  }

  async function lendIoRedis() {
    return (await untilTheEnd(ready(new IoRedis(redis.url)))).client;
  }

  const kinds = {
    "that tells nothing": async () => redisStore(await lend()),
    "that tells of changes, over redis 6": async () => {
      const client = await lend();
      return redisStore(client, { tracking: client });
    },
    "that tells of changes, over redis 5": async () => {
      const client = await lend5();
      return redisStore(client, { tracking: client });
    },
    "that tells of changes over another client, over ioredis 6": async () =>
      redisStore(await lendIoRedis(), { tracking: await lend() }),
  };

  describe.each(Object.entries(kinds))("%s", (_name, openFar) => {
    let far: Awaited<ReturnType<typeof openFar>>;
    beforeAll(async () => {
      far = await openFar();
    });

    const kit = { test: test.concurrent, open: () => cachedStore(memoryStore(), far), time: "engine" } as const;
    testStore(kit);
    testListable(kit);
  });

  describe.each(["plain", "tracked"])("%s, from several processes", (kind) => {
    testWriters({ test, open: () => redisStore(probe), spawn: (plan) => startWorker("cached", kind, redis.url, plan) });
  });

  test("asks Redis nothing for a near hit", async () => {
    const store = cachedStore(memoryStore(), redisStore(await lend()));
    const key = newKey();
    await store.create(key, entry("a"));
    const before = await commands();
    expect(await textAt(store, key)).toBe("a");
    expect(await commands()).toBe(before + 1);
  });

  /** How many commands Redis was asked until now, this one apart. */
  async function commands(): Promise<number> {
    const [, count] = /^total_commands_processed:(\d+)/m.exec(await probe.info("stats")) ?? [];
    return Number(count);
  }

  describe("that tells of changes", () => {
    let clock: ManualClock;
    const cached = (far: Store) => cachedStore(memoryStore({ clock }), far, { maxAge: 10, clock });
    let client: typeof probe;
    let far: ReturnType<typeof observed>;
    let here: Store;
    let key: string;

    beforeEach(async () => {
      clock = manualClock(Date.now());
      client = await lend();
      far = observed(redisStore(client, { tracking: client }));
      here = cached(far);
      key = newKey();
      await isTold(far);
    });

    /** Reads in steps of less than `maxAge`: with each read Redis is asked whether it has told all. */
    async function readFor(seconds: number): Promise<void> {
      for (let passed = 0; passed < seconds; passed += 4) {
        await here.read(key);
        await far.answered();
        clock.advance(4 * SECOND);
      }
    }

    test("keeps a copy for as long as nothing changes", async () => {
      await here.create(key, entry("a", 600));
      await readFor(120);
      expect(await textAt(here, key)).toBe("a");
      expect(far.reads()).toBe(0);
    });

    const changes: Record<string, [act: (name: string) => Promise<unknown>, then: string | undefined]> = {
      "a new value": [(name) => probe.set(name, "b", { expiration: "KEEPTTL" }), "b"],
      "a delete": [(name) => probe.del(name), undefined],
      "an empty database": [() => probe.flushAll(), undefined],
    };
    test.each(Object.entries(changes))("hears of %s", async (_name, [act, then]) => {
      await here.create(key, entry("a"));
      expect(await textAt(here, key)).toBe("a");
      await act(`flagon:${key}`);
      // The clock stands still: only word from Redis can end the copy.
      await expect.poll(() => textAt(here, key)).toBe(then);
    });

    test("hears of another deadline", async () => {
      await here.create(key, entry("a"));
      await probe.pExpire(`flagon:${key}`, 3600 * SECOND);
      await expect.poll(async () => (await here.read(key))?.expiresAt).toBeGreaterThan(entry("", 3000).expiresAt);
    });

    test("is not told of an entry that it has created, or given another deadline", async () => {
      await here.create(key, entry("a"));
      await here.update(key, { expiresAt: entry("").expiresAt });
      await client.ping();
      expect(await textAt(here, key)).toBe("a");
      expect(far.reads()).toBe(0);
    });

    test("forgets what was kept before Redis began to tell", async () => {
      const tracking = createClient({ url: redis.url, ...NODE_REDIS });
      far = observed(redisStore(client, { tracking }));
      here = cached(far);
      await here.create(key, entry("a"));
      await probe.set(`flagon:${key}`, "b", { expiration: "KEEPTTL" });
      expect(await textAt(here, key)).toBe("a");
      await untilTheEnd(connected(tracking));
      await isTold(far);
      expect(await textAt(here, key)).toBe("b");
    });

    test("forgets all copies when the connection is lost, and hears again when it is back", async () => {
      const tracking = await lend();
      far = observed(redisStore(client, { tracking }));
      here = cached(far);
      await isTold(far);
      await probe.set(`flagon:${key}`, "a", { PX: 600 * SECOND });
      expect(await textAt(here, key)).toBe("a");

      const lost = new Promise((resolve) => void tracking.once("reconnecting", resolve));
      await probe.sendCommand(["CLIENT", "KILL", "ID", `${await tracking.clientId()}`]);
      // Of this nobody is told.
      await probe.set(`flagon:${key}`, "b", { expiration: "KEEPTTL" });
      await lost;
      expect(await textAt(here, key)).toBe("b");

      await isTold(far);
      await here.read(key);
      const reads = far.reads();
      await readFor(60);
      expect(far.reads()).toBe(reads);
      await probe.del(`flagon:${key}`);
      await expect.poll(() => textAt(here, key)).toBeUndefined();
    });

    test("serves no copy for longer than maxAge when the line falls silent", async () => {
      const line = await untilTheEnd(startFaultProxy(redis.port));
      far = observed(redisStore(client, { tracking: await lend(`redis://127.0.0.1:${line.port}`) }));
      here = cached(far);
      await isTold(far);
      await probe.set(`flagon:${key}`, "a", { PX: 600 * SECOND });
      await here.read(key);
      await readFor(20);
      line.faults.swallows = true;
      await probe.set(`flagon:${key}`, "b", { expiration: "KEEPTTL" });
      expect(await textAt(here, key)).toBe("a");
      clock.advance(10 * SECOND);
      expect(await textAt(here, key)).toBe("b");
    });
  });

  test("refuses a client that cannot tell of changes, or not for this store", async () => {
    const plain = createClient({ url: redis.url });
    const taken = createClient({ url: redis.url, ...NODE_REDIS });
    redisStore(plain, { tracking: taken });
    const cluster = createCluster({ rootNodes: [{ url: redis.url }] });
    const refused = expect.objectContaining({ code: "CONFIG", message: expect.stringContaining("tracking") as string });
    for (const tracking of [plain, taken, {}, "redis://localhost"]) {
      expect(() => redisStore(plain, { tracking: tracking as never })).toThrow(refused);
    }
    const free = createClient({ url: redis.url, ...NODE_REDIS });
    expect(() => redisStore(cluster, { tracking: free } as never)).toThrow(refused);
  });
});

/** A store that counts its reads, and lets its word be waited for that it has told all. */
function observed(store: Store & Watchable) {
  let reads = 0;
  let asked: Promise<unknown> = Promise.resolve();
  let watch: Watch | undefined;
  return {
    ...store,
    read(key: string) {
      reads++;
      return store.read(key);
    },
    watch(changed: (key?: string) => void): Watch {
      const own = store.watch(changed);
      watch = own;
      return {
        isComplete() {
          const answer = own.isComplete();
          asked = answer;
          return answer;
        },
      };
    },
    reads: () => reads,
    answered: () => asked,
    tellsAll: async () => (await watch?.isComplete()) ?? false,
  };
}

/** Waits until Redis tells of changes: what was kept before is forgotten then. */
async function isTold(far: ReturnType<typeof observed>): Promise<void> {
  await expect.poll(() => far.tellsAll()).toBe(true);
}

function entry(text: string, seconds = 60): Entry {
  return { value: bytes(text), expiresAt: Date.now() + seconds * SECOND };
}

async function textAt(store: Store, key: string): Promise<string | undefined> {
  const found = await store.read(key);
  return found && new TextDecoder().decode(found.value);
}
