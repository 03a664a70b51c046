import { randomUUID } from "node:crypto";
import { MongoStore } from "connect-mongo";
import pgStoreOf from "connect-pg-simple";
import session from "express-session";
import { MongoClient } from "mongodb";
import type { Pool } from "pg";
import { beforeAll, describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../src/clock.ts";
import { type ConnectStore, expressStore } from "../../src/stores/express-store.ts";
import { nameOf } from "../../src/stores/internal/record.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { testListable, testStore } from "../../src/testing/store-suite.ts";
import { engine, has, untilTheEnd } from "../engines.ts";
import { openPool } from "../postgres.ts";
import { able, outcomes, OUTAGE, testDeadlines } from "./bridge-helpers.ts";
import { entry } from "./entries.ts";

const PgStore = pgStoreOf(session);

describe.skipIf(!has("postgres"))("express store over connect-pg-simple", () => {
  const tableName = `sessions_${randomUUID()}`;
  let pool: Pool;
  let store: ConnectStore;
  beforeAll(async () => {
    const { url } = await engine("postgres");
    pool = openPool({ connectionString: url });
    const opened = new PgStore({ pool, tableName, createTableIfMissing: true });
    await untilTheEnd(Promise.resolve({ stop: () => Promise.all([opened.close(), pool.end()]) }));
    store = opened;
  });

  const open = (clock: Clock) => expressStore(store, { clock });
  testStore({ test, open });
  testDeadlines(() => open(systemClock));

  test("has PostgreSQL told when an entry ends", async () => {
    const [clock, key, before] = [manualClock(), randomUUID(), Date.now()];
    await open(clock).create(key, { ...entry("a"), expiresAt: clock.now() + 60_000 });
    const query = `SELECT expire FROM "${tableName}" WHERE sid = $1`;
    const { rows } = await pool.query<{ expire: Date }>(query, [nameOf(key)]);
    const life = Number(rows[0]?.expire) - before;
    expect(life).toBeGreaterThanOrEqual(60_000);
    expect(life).toBeLessThan(120_000);
  });

  test("rejects where PostgreSQL cannot be reached", async () => {
    const away = openPool({ host: "127.0.0.1", port: 1, user: "nobody", database: "none" });
    expect(await outcomes(expressStore(new PgStore({ pool: away })))).toEqual(OUTAGE);
    await away.end();
  });

  test("does not claim to list what the store cannot", () => {
    expect(open(systemClock)).not.toHaveProperty("list");
  });
});

describe.skipIf(!has("mongo"))("express store over connect-mongo", () => {
  const dbName = `flagon-${randomUUID()}`;
  let client: MongoClient;
  beforeAll(async () => {
    const { url } = await engine("mongo");
    client = await new MongoClient(url).connect();
    await untilTheEnd(Promise.resolve({ stop: () => client.close() }));
  });

  // Each test has a collection of its own: FerretDB looks through all of it for a query like that of connect-mongo.
  // MongoDB would clean up by an index, as is the default; FerretDB has no such indexes.
  const open = (clock: Clock, collectionName: string = randomUUID()) =>
    able(expressStore(MongoStore.create({ client, dbName, collectionName, autoRemove: "interval" }), { clock }));
  testStore({ test, open });
  testListable({ test, open });
  testDeadlines(() => open(systemClock));

  test("has MongoDB told when an entry ends", async () => {
    const [clock, name, before] = [manualClock(), randomUUID(), Date.now()];
    await open(clock, name).create("key", { ...entry("a"), expiresAt: clock.now() + 60_000 });
    const found = await client
      .db(dbName)
      .collection<{ _id: string; expires: Date }>(name)
      .findOne({ _id: nameOf("key") });
    const life = Number(found?.expires) - before;
    expect(life).toBeGreaterThanOrEqual(60_000);
    expect(life).toBeLessThan(120_000);
  });

  test("rejects where the client is closed", async () => {
    const { url } = await engine("mongo");
    const closed = await new MongoClient(url).connect();
    const lost = expressStore(MongoStore.create({ client: closed, dbName, autoRemove: "disabled" }));
    await lost.read("key");
    await closed.close();
    expect(await outcomes(lost)).toEqual(OUTAGE);
  });
});
