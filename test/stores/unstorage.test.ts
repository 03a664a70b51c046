import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { createStorage, prefixStorage, type Storage } from "unstorage";
import fsDriver from "unstorage/drivers/fs";
import fsLiteDriver from "unstorage/drivers/fs-lite";
import lruCacheDriver from "unstorage/drivers/lru-cache";
import redisDriver from "unstorage/drivers/redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../src/clock.ts";
import { nameOf } from "../../src/stores/internal/record.ts";
import { unstorageStore } from "../../src/stores/unstorage.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { testListable, testStore, testSweepable } from "../../src/testing/store-suite.ts";
import { engine, has, untilTheEnd } from "../engines.ts";
import { testForeign, outcomes, OUTAGE, listed, testDeadlines, testOutage } from "./bridge-helpers.ts";
import { entry } from "./entries.ts";
import { ready } from "./redis-clients.ts";

const directory = mkdtempSync(join(tmpdir(), "flagon-unstorage-"));
afterAll(() => rmSync(directory, { recursive: true }));

const newFolder = () => join(directory, randomUUID());

const kinds: Record<string, () => Storage> = {
  memory: () => createStorage(),
  "a prefix": () => prefixStorage(createStorage(), "sessions"),
  "a mount": () => prefixStorage(createStorage().mount("here", fsLiteDriver({ base: newFolder() })), "here"),
  fs: () => createStorage({ driver: fsDriver({ base: newFolder() }) }),
  "fs-lite": () => createStorage({ driver: fsLiteDriver({ base: newFolder() }) }),
  "lru-cache": () => createStorage({ driver: lruCacheDriver({ max: 10_000 }) }),
};

describe.each(Object.entries(kinds))("unstorage store over %s", (_name, make) => {
  const open = (clock: Clock) => unstorageStore(make(), { clock });
  testStore({ test, open });
  testListable({ test, open });
  testSweepable({ test, open });
  testDeadlines(() => open(systemClock));

  testForeign(["text", "{}", "5", "Zm9yZWlnbg==", "", "<html>"], async (found) => {
    const storage = make();
    await storage.setItem(nameOf("key"), found as string);
    return unstorageStore(storage);
  });
});

describe("unstorage store over files", () => {
  test.each([
    ["fs", fsDriver],
    ["fs-lite", fsLiteDriver],
  ])("rejects where %s cannot read a file", async (_name, driver) => {
    const base = newFolder();
    const store = unstorageStore(createStorage({ driver: driver({ base }) }));
    mkdirSync(base);
    symlinkSync(nameOf("key"), join(base, nameOf("key")));
    expect(await outcomes(store)).toEqual(OUTAGE);
  });

  test("rejects where a file stays that should go", async () => {
    const base = newFolder();
    await unstorageStore(createStorage({ driver: fsDriver({ base }) })).create("key", entry("a"));
    const store = unstorageStore(createStorage({ driver: fsDriver({ base, readOnly: true }) }));
    await expect(store.delete("key")).rejects.toThrow("did not remove");
    expect(await store.read("key")).toMatchObject({ value: Buffer.from("a") });
  });

  testForeign(["a torn file"], async () => {
    const base = newFolder();
    const store = unstorageStore(createStorage({ driver: fsDriver({ base }) }));
    await store.create("key", entry("a"));
    truncateSync(join(base, nameOf("key")), 40);
    return store;
  });

  test("lists its own among the files of others", async () => {
    const base = newFolder();
    const storage = createStorage({ driver: fsDriver({ base }) });
    await storage.setItem("settings:theme", "dark");
    await storage.setItem(nameOf("theirs"), "dark");
    const store = unstorageStore(storage);
    await store.create("key", entry("a"));
    expect(await listed(store)).toEqual([["key", "a"]]);
  });
});

describe.skipIf(!has("redis"))("unstorage store over Redis", () => {
  let client: Redis;
  let storage: Storage;
  beforeAll(async () => {
    const driver = redisDriver({ url: (await engine("redis")).url });
    ({ client } = await untilTheEnd(ready(driver.getInstance?.() as Redis)));
    storage = createStorage({ driver });
  });

  const open = (clock: Clock, base = randomUUID()) => unstorageStore(prefixStorage(storage, base), { clock });
  testStore({ test, open });
  testListable({ test, open });
  testSweepable({ test, open });
  testDeadlines(() => open(systemClock));

  test("has Redis forget an entry by itself", async () => {
    const [clock, base] = [manualClock(), randomUUID()];
    await open(clock, base).create("key", { ...entry("a"), expiresAt: clock.now() + 59_001 });
    expect(await client.ttl(`${base}:${nameOf("key")}`)).toBe(60);
  });

  test("rejects where a key holds no string", async () => {
    const base = randomUUID();
    await client.hset(`${base}:${nameOf("key")}`, "field", "value");
    await expect(open(systemClock, base).read("key")).rejects.toThrow("WRONGTYPE");
  });
});

describe("unstorage store", () => {
  testOutage(async (url) => {
    const driver = redisDriver({ url, enableOfflineQueue: false, maxRetriesPerRequest: 0, retryStrategy: () => 20 });
    await untilTheEnd(ready(driver.getInstance?.() as Redis));
    return unstorageStore(createStorage({ driver }));
  });
});

describe("unstorage store without unstorage", () => {
  test.each([undefined, null, "memory", {}, new Map(), fsLiteDriver({ base: directory })])("refuses %o", (storage) => {
    expect(() => unstorageStore(storage as never)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });

  test("refuses a clock that is none", () => {
    expect(() => unstorageStore(createStorage(), { clock: 5 as never })).toThrow(
      expect.objectContaining({ code: "CONFIG" }),
    );
  });
});
