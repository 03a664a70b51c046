/** The stores, each as an application would open it, for the kit. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { connectorOf } from "../../../src/flask/types/sql-url.ts";
import { fileStore } from "../../../src/stores/file.ts";
import { memcachedClient, memcachedStore } from "../../../src/stores/memcached.ts";
import { memoryStore } from "../../../src/stores/memory.ts";
import { redisStore } from "../../../src/stores/redis.ts";
import { createTable, sqlStore } from "../../../src/stores/sql.ts";
import type { StoreKit } from "../../../src/testing/index.ts";
import type { OWN_STORES, REMOTE_STORES } from "../names.ts";

type Name = (typeof OWN_STORES | typeof REMOTE_STORES)[number];

/** What a kit needs, and how what it was opened on is closed. */
type Opened = Omit<StoreKit, "test"> & { stop?: () => unknown };

/** Under the longest key. */
const LARGEST_OF_MEMCACHED = 2 ** 20 - 72 - 250;

export const stores: Readonly<Record<Name, () => Opened | Promise<Opened>>> = {
  memoryStore: () => ({ open: (clock) => memoryStore({ clock }) }),
  fileStore() {
    const directory = mkdtempSync(join(tmpdir(), "flagon-"));
    const open: Opened["open"] = (clock) => fileStore({ directory: mkdtempSync(join(directory, "store-")), clock });
    return { open, stop: () => rmSync(directory, { recursive: true, force: true }) };
  },
  /** That is `node:sqlite`, or libsql where there is none. */
  async "sqlStore on SQLite"() {
    const db = await connectorOf("the test", "sqlite://")();
    await createTable(db);
    return { open: () => sqlStore(db), time: "engine", stop: () => db.destroy() };
  },
  async "redisStore on node-redis 6"() {
    const client = await createClient({ url: given("REDIS_URL") }).connect();
    return { open: () => redisStore(client, { prefix: newPrefix() }), time: "engine", stop: () => client.destroy() };
  },
  async "redisStore on ioredis 5"() {
    const client = new Redis(given("REDIS_URL"));
    await once(client, "ready");
    return { open: () => redisStore(client, { prefix: newPrefix() }), time: "engine", stop: () => client.disconnect() };
  },
  memcachedStore() {
    const client = memcachedClient(given("MEMCACHED_SERVER"));
    const limits = { grace: 2000, maxValue: LARGEST_OF_MEMCACHED };
    return {
      open: () => memcachedStore(client, { prefix: newPrefix() }),
      time: "engine",
      ...limits,
      stop: () => client.close(),
    };
  },
};

/** Other runtimes use the same engine meanwhile. */
function newPrefix(): string {
  return `${randomUUID()}:`;
}

function given(variable: string): string {
  const value = process.env[variable];
  if (value === undefined) throw new Error(`${variable} is not set`);
  return value;
}
