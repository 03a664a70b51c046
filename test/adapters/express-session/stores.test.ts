import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoStore } from "connect-mongo";
import pgStoreOf from "connect-pg-simple";
import { RedisStore } from "connect-redis";
import mysqlStoreOf from "express-mysql-session";
import expressSession from "express-session";
import memoryStoreOf from "memorystore";
import { MongoClient } from "mongodb";
import { createPool } from "mysql2/promise";
import { createClient } from "redis";
import fileStoreOf from "session-file-store";
import { afterAll, describe, expect, test } from "vitest";
import { MemoryStore, type SessionOptions, asExpressStore, session } from "../../../src/adapters/express-session.ts";
import { fileStore } from "../../../src/stores/file.ts";
import { memoryStore } from "../../../src/stores/memory.ts";
import { redisStore } from "../../../src/stores/redis.ts";
import { engine, has, untilTheEnd } from "../../engines.ts";
import { openPool } from "../../postgres.ts";
import { connected } from "../../stores/redis-clients.ts";
import { act, originalSite, race, site } from "./rig.ts";

type AnyStore = NonNullable<SessionOptions["store"]>;

const directory = mkdtempSync(join(tmpdir(), "flagon-drop-in-"));
afterAll(() => rmSync(directory, { recursive: true }));
const newPath = () => join(directory, randomUUID());

/** A client of the one Redis. */
async function redis() {
  const { url } = await (opened ??= engine("redis"));
  return (await untilTheEnd(connected(createClient({ url })))).client;
}
let opened: ReturnType<typeof engine<"redis">> | undefined;

const quietFiles = (of: object, path: string) =>
  new (fileStoreOf(of))({ path, retries: 0, reapInterval: -1, logFn: () => undefined });

/** Each store as a program makes it. */
const STORES: Record<string, { needs?: "redis" | "postgres" | "mongo" | "mariadb"; open(): Promise<() => AnyStore> }> =
  {
    "connect-redis": {
      needs: "redis",
      async open() {
        const client = await redis();
        return () => new RedisStore({ client, prefix: `${randomUUID()}:` });
      },
    },
    "connect-pg-simple": {
      needs: "postgres",
      async open() {
        const pool = openPool({ connectionString: (await engine("postgres")).url });
        await untilTheEnd(Promise.resolve({ stop: () => pool.end() }));
        // One table for all: another would have an index of the same name.
        const store = new (pgStoreOf(session))({ pool, tableName: `s${randomUUID()}`, createTableIfMissing: true });
        await untilTheEnd(Promise.resolve({ stop: () => store.close() }));
        return () => store;
      },
    },
    "connect-mongo": {
      needs: "mongo",
      async open() {
        const client = await new MongoClient((await engine("mongo")).url).connect();
        await untilTheEnd(Promise.resolve({ stop: () => client.close() }));
        return () => MongoStore.create({ client, dbName: `flagon-${randomUUID()}`, autoRemove: "disabled" });
      },
    },
    "express-mysql-session": {
      needs: "mariadb",
      async open() {
        const pool = createPool((await engine("mariadb")).url);
        await untilTheEnd(Promise.resolve({ stop: () => pool.end() }));
        const store = new (mysqlStoreOf(session))({ clearExpired: false }, pool);
        await store.onReady();
        return () => store;
      },
    },
    "session-file-store": { open: async () => () => quietFiles(session, newPath()) },
    memorystore: { open: async () => () => new (memoryStoreOf(session as never))({}) },
    "express-session's own": { open: async () => () => new expressSession.MemoryStore() },
    "our MemoryStore": { open: async () => () => new MemoryStore() },
    "asExpressStore over memory": { open: async () => () => asExpressStore(memoryStore()) },
    "asExpressStore over files": { open: async () => () => asExpressStore(fileStore({ directory: newPath() })) },
    "asExpressStore over Redis": {
      needs: "redis",
      async open() {
        const client = await redis();
        return () => asExpressStore(redisStore(client, { prefix: `${randomUUID()}:` }));
      },
    },
  };

for (const [name, { needs, open }] of Object.entries(STORES)) {
  describe.skipIf(needs !== undefined && !has(needs))(`with ${name}`, () => {
    let making: Promise<() => AnyStore> | undefined;
    const make = async () => (await (making ??= open()))();

    test("nobody is logged out, and the way back is open", async () => {
      const store = await make();
      const cookie = { maxAge: 60_000 };
      const before = await originalSite({ store, cookie }, act);
      const tab = before.tab();
      await tab.visit("/login/ada");
      await tab.visit("/deep");
      const sent = tab.cookies() ?? "";
      const after = await site({ store, cookie }, act);
      const data = { user: "ada", deep: { list: [1, { a: null }], at: "1970-01-01T00:00:00.000Z" } };
      expect(JSON.parse((await after.tab().visit("/", { cookie: sent })).text)).toMatchObject(data);
      await after.tab().visit("/set/from/us", { cookie: sent });
      const back = await originalSite({ store, cookie }, act);
      expect(JSON.parse((await back.tab().visit("/", { cookie: sent })).text)).toMatchObject({ ...data, from: "us" });
    });

    test("keeps what parallel requests set", async () => {
      const store = await make();
      const [text = ""] = await race((handler) => site({ store }, handler), "/set/a/1", "/set/b/2", "/delete/user");
      const { a, b, user } = JSON.parse(text) as Record<string, unknown>;
      expect([a, b, user]).toEqual(["1", "2", undefined]);
    });

    test.each(["/set/a/1", "/"])("does not bring back a session that ended during %s", async (slow) => {
      const store = await make();
      expect(await race((handler) => site({ store }, handler), slow, "/destroy")).toEqual(["{}", "200", "0"]);
    });

    test("ends the old id at a login", async () => {
      const store = await make();
      const tab = (await site({ store }, act)).tab();
      await tab.visit("/set/a/1");
      const old = tab.cookies() ?? "";
      expect(JSON.parse((await tab.visit("/login/ada")).text)).toMatchObject({ user: "ada" });
      expect((await (await site({ store }, act)).tab().visit("/", { cookie: old })).text).toBe("{}");
      expect(JSON.parse((await tab.visit("/")).text)).toMatchObject({ user: "ada" });
    });
  });
}

describe.skipIf(!has("redis"))("two processes over Redis", () => {
  test("lose nothing with asExpressStore, which is exact between them", async () => {
    const [here, there] = [await redis(), await redis()];
    const options = { prefix: `${randomUUID()}:` };
    const [text = ""] = await race(
      async (handler) => [
        await site({ store: asExpressStore(redisStore(here, options)) }, handler),
        await site({ store: asExpressStore(redisStore(there, options)) }, act),
      ],
      "/set/a/1",
      "/set/b/2",
    );
    expect(JSON.parse(text)).toEqual({ user: "ada", a: "1", b: "2" });
  });

  test("read what connect-redis has written, and it what they write", async () => {
    const client = await redis();
    const prefix = `${randomUUID()}:`;
    const before = await originalSite({ store: new RedisStore({ client, prefix }) }, act);
    const tab = before.tab();
    await tab.visit("/login/ada");
    const sent = tab.cookies() ?? "";
    const after = await site({ store: asExpressStore(redisStore(client, { prefix })) }, act);
    expect((await after.tab().visit("/set/a/1", { cookie: sent })).text).toBe('{"user":"ada","a":"1"}');
    expect((await before.tab().visit("/", { cookie: sent })).text).toBe('{"user":"ada","a":"1"}');
    expect(await client.ttl(`${prefix}${decodeURIComponent(sent).split(/[:.]/)[2]}`)).toBeGreaterThan(86_000);
  });
});
