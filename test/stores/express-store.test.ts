import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RedisStore } from "connect-redis";
import session from "express-session";
import memoryStoreOf from "memorystore";
import { createClient } from "redis";
import fileStoreOf from "session-file-store";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../src/clock.ts";
import { type ConnectStore, expressStore } from "../../src/stores/express-store.ts";
import { nameOf } from "../../src/stores/internal/record.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { testListable, testStore, testSweepable } from "../../src/testing/store-suite.ts";
import { engine, has, untilTheEnd } from "../engines.ts";
import { able, testForeign, outcomes, OUTAGE, testDeadlines, testOutage, FAIL_AT_ONCE } from "./bridge-helpers.ts";
import { entry } from "./entries.ts";
import { connected } from "./redis-clients.ts";

const MemoryStore = memoryStoreOf(session);
const FileStore = fileStoreOf(session);

const directory = mkdtempSync(join(tmpdir(), "flagon-express-store-"));
afterAll(() => rmSync(directory, { recursive: true }));

describe.each<[string, () => ConnectStore]>([
  ["express-session's own", () => new session.MemoryStore()],
  ["memorystore", () => new MemoryStore({})],
])("express store over %s", (_name, make) => {
  const open = (clock: Clock) => able(expressStore(make(), { clock }));
  testStore({ test, open });
  testListable({ test, open });
  testSweepable({ test, open });
  testDeadlines(() => open(systemClock));

  testForeign([{ user: "ada" }, { record: 5 }, { record: "text" }], async (found) => {
    const store = make();
    await new Promise((done) => store.set(nameOf("key"), Object.assign({ cookie: {} }, found), done));
    return able(expressStore(store));
  });
});

describe("express store over session-file-store", () => {
  const make = (path: string) => new FileStore({ path, retries: 0, reapInterval: -1, logFn: () => undefined });
  const open = (clock: Clock) => expressStore(make(join(directory, randomUUID())), { clock });
  testStore({ test, open });
  testDeadlines(() => open(systemClock));

  test("writes what the store takes for a session", async () => {
    const [path, clock] = [join(directory, randomUUID()), manualClock()];
    await expressStore(make(path), { clock }).create("key", { ...entry("a"), expiresAt: clock.now() + 1500 });
    const written = JSON.parse(readFileSync(join(path, `${nameOf("key")}.json`), "utf8"));
    expect(written).toMatchObject({
      cookie: { originalMaxAge: 1500, expires: expect.stringMatching(/^20..-.*Z$/), httpOnly: true, path: "/" },
      name: nameOf("key"),
    });
  });

  test("does not claim to list what the store cannot", () => {
    const store = open(systemClock);
    expect(store).not.toHaveProperty("list");
    expect(store).not.toHaveProperty("deleteExpired");
    expect(store.capabilities).toEqual({ swap: false });
  });
});

describe.skipIf(!has("redis"))("express store over connect-redis", () => {
  let client: Awaited<ReturnType<typeof connect>>;
  beforeAll(async () => {
    client = await connect((await engine("redis")).url);
  });

  const open = (clock: Clock, prefix = `${randomUUID()}:`) =>
    able(expressStore(new RedisStore({ client, prefix }), { clock }));
  testStore({ test, open });
  testListable({ test, open });
  testSweepable({ test, open });
  testDeadlines(() => open(systemClock));

  test("has Redis forget an entry by itself", async () => {
    const [clock, prefix] = [manualClock(), `${randomUUID()}:`];
    await open(clock, prefix).create("key", { ...entry("a"), expiresAt: clock.now() + 59_500 });
    expect(await client.ttl(prefix + nameOf("key"))).toBe(60);
  });

  test("rejects what the store cannot read, which might be a failure, and does not quote it", async () => {
    const prefix = `${randomUUID()}:`;
    await client.set(prefix + nameOf("key"), "{ torn");
    await expect(open(systemClock, prefix).read("key")).rejects.toThrow(/^the engine gave what cannot be read$/);
  });
});

describe("express store", () => {
  test("takes a Redis whose socket is away for no absence", async () => {
    const client = createClient({
      socket: { path: join(directory, "no-socket"), reconnectStrategy: false },
    });
    const get = () => client.connect();
    const store = expressStore({ get, set: get, destroy: get });
    await expect(store.read("key")).rejects.toMatchObject({ code: "ENOENT" });
  });

  testOutage(async (url) => expressStore(new RedisStore({ client: await connect(url) })));
});

describe("express store over stores of other manners", () => {
  /** Answers by promises and knows no callback. */
  class Promising {
    readonly sessions = new Map<string, object>();
    async get(id: string): Promise<object | undefined> {
      return this.sessions.get(id);
    }
    async set(id: string, data: object): Promise<void> {
      this.sessions.set(id, data);
    }
    async destroy(id: string): Promise<void> {
      this.sessions.delete(id);
    }
    async all(): Promise<object[]> {
      return [...this.sessions.values()];
    }
  }

  describe("one of promises", () => {
    const open = (clock: Clock) => able(expressStore(new Promising(), { clock }));
    testStore({ test, open });
    testListable({ test, open });
  });

  /** Has begun when its promise is fulfilled, and calls back when it is done. */
  const hasty = (): ConnectStore => {
    const store = new session.MemoryStore();
    return {
      get: async (id, callback) => store.get(id, callback),
      set: async (id, data, callback) => store.set(id, data, callback),
      destroy: async (id, callback) => store.destroy(id, callback),
    };
  };

  test("waits for the callback where a promise comes before it", async () => {
    const store = expressStore(hasty());
    await store.create("key", entry("a"));
    expect(await store.read("key")).toMatchObject({ value: Buffer.from("a") });
  });

  const failing: Record<string, () => unknown> = {
    "calls back with an error": (...args: unknown[]) => (args.at(-1) as (error: unknown) => void)(new Error("down")),
    throws: () => {
      throw new Error("down");
    },
    "rejects instead of calling back": async (..._args: unknown[]) => {
      throw new Error("down");
    },
  };
  test.each(Object.entries(failing))("rejects where it %s", async (_how, fail) => {
    expect(await outcomes(expressStore({ get: fail, set: fail, destroy: fail }))).toEqual(OUTAGE);
  });

  test.each([undefined, null, "redis", {}, new Map(), session.MemoryStore])("refuses %o", (store) => {
    expect(() => expressStore(store as never)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });

  test("refuses a clock that is none", () => {
    expect(() => expressStore(new session.MemoryStore(), { clock: 5 as never })).toThrow(
      expect.objectContaining({ code: "CONFIG" }),
    );
  });
});

async function connect(url: string) {
  const { client } = await untilTheEnd(connected(createClient({ url, ...FAIL_AT_ONCE })));
  return client;
}
