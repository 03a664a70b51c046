import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { CamelCasePlugin, sql } from "kysely";
import { beforeAll, expect, test } from "vitest";
import { createTable, type SqlDatabase, sqlStore } from "../../src/stores/sql.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { bytes } from "../../src/testing/internal/stage.ts";
import type { Engine } from "./sql-databases.ts";
import { count, insert, keysOf, logging, within } from "./sql-helpers.ts";
import { entry, holding, inAMinute } from "./entries.ts";
import { type Home, newTable, openHome } from "./sql-home.ts";

const MINUTE = 60_000;

/** What is true over every engine, beside the kits. */
export function testEngine(name: Engine): void {
  let home: Home;
  let db: SqlDatabase;

  beforeAll(async () => {
    home = await openHome(name);
    db = home.db;
  });

  test("asks one statement for each verb, and one more for what stands where a swap is lost", async () => {
    const asked: string[] = [];
    const store = sqlStore(await logging(name, home, asked), await newTable(home));
    const [key, change] = [randomUUID(), { ...entry("b"), before: bytes("a") }];
    const verbsOf = async (act: () => Promise<unknown>) => {
      asked.length = 0;
      await act();
      return asked.map((text) => /\b(?:insert|select|update|delete)\b/.exec(text)?.[0]);
    };
    expect(await verbsOf(() => store.create(key, entry("a")))).toEqual(["insert"]);
    expect(await verbsOf(() => store.read(key))).toEqual(["select"]);
    expect(await verbsOf(() => store.update(key, change))).toEqual(["update"]);
    expect(await verbsOf(() => store.update(key, change))).toEqual(["update", "select"]);
    expect(await verbsOf(() => store.update(key, { expiresAt: inAMinute() }))).toEqual(["update"]);
    expect(await verbsOf(() => store.update(key, { ...change, before: bytes("b"), expiresAt: 0 }))).toEqual(["delete"]);
    await store.create(key, entry("a"));
    expect(await verbsOf(() => store.delete(key))).toEqual(["delete"]);
  });

  test.each([
    `a"; drop table x; --`,
    "a`; drop table x; --",
    "select",
    "Großes Tablett для сеансов",
    "a.b",
    "100%",
    String.raw`'\'?$1:name`,
  ])("works on a table of the name %s", async (table) => {
    for (const flask of [undefined, "sqlalchemy"] as const) {
      const options = { table: `${table}${flask ?? ""}`, ...within(home), ...(flask && { flask }) };
      await createTable(db, options);
      await createTable(db, options);
      const store = sqlStore(db, options);
      expect(await store.create("key", entry("a"))).toBe(true);
      expect(await store.read("key")).toMatchObject(holding("a"));
    }
  });

  test("creates a table once where several processes begin at once", async () => {
    for (const flask of [undefined, "sqlalchemy"] as const) {
      const options = { table: `t ${randomUUID()}`, ...within(home), ...(flask && { flask }) };
      await Promise.all(Array.from({ length: 8 }, () => createTable(db, options)));
      expect(await sqlStore(db, options).create("key", entry("a"))).toBe(true);
    }
  });

  test("takes a row without a deadline for one that has expired", async () => {
    const table = await newTable(home, { flask: "sqlalchemy" });
    const store = sqlStore(db, table);
    await insert(db, table, { session_id: "endless", data: Buffer.from("a"), expiry: null });
    expect(await store.read("endless")).toBeUndefined();
    expect(await store.update("endless", { expiresAt: inAMinute() })).toEqual({ done: false, current: undefined });
    expect(await store.delete("endless")).toBe(false);
    expect(await store.create("endless", entry("b"))).toBe(true);
    await insert(db, table, { session_id: "other", data: null, expiry: null });
    expect(await store.deleteExpired()).toBe(1);
    expect(await store.read("endless")).toMatchObject(holding("b"));
  });

  test("finds no session in a row without bytes, and leaves it where it is", async () => {
    const table = await newTable(home, { flask: "sqlalchemy" });
    await insert(db, table, { session_id: "empty", data: null, expiry: "2999-01-01 00:00:00.000000" });
    const store = sqlStore(db, table);
    expect(await store.read("empty")).toBeUndefined();
    expect(await keysOf(store)).toEqual([]);
    expect(await store.deleteExpired()).toBe(0);
    expect(await count(db, table)).toBe(1);
  });

  test("reads the deadline that Python wrote, to the microsecond where the column has them", async () => {
    const table = await newTable(home, { flask: "sqlalchemy" });
    await insert(db, table, { session_id: "sid", data: Buffer.from("a"), expiry: "2999-05-06 07:08:09.250999" });
    const { expiresAt = 0 } = (await sqlStore(db, table).read("sid")) ?? {};
    const whole = Date.UTC(2999, 4, 6, 7, 8, 9);
    expect(expiresAt - whole).toBeCloseTo(name === "mariadb" ? 0 : 250.999, 2);
  });

  test.each([Number.NaN, -Infinity, Infinity, Number.MAX_VALUE, 0.5])(
    "leaves no row without an end for the deadline %d",
    async (expiresAt) => {
      const table = await newTable(home);
      const store = sqlStore(db, table);
      for (const write of [
        () => store.create("key", { ...entry("a"), expiresAt }),
        () => store.update("key", { ...entry("b"), before: bytes("a"), expiresAt }),
        () => store.update("key", { expiresAt }),
      ]) {
        await write();
        const { expiresAt: end = 0 } = (await store.read("key")) ?? {};
        expect(end).toBe(expiresAt > 1 ? Date.UTC(9999, 11, 31, 23, 59, 59, 999) : 0);
        await store.create("key", entry("a"));
      }
    },
  );

  test("sweeps in slices, several at once, and ends where a row cannot be removed", async () => {
    const table = await newTable(home, { flask: "sqlalchemy" });
    const clock = manualClock();
    const store = sqlStore(db, { ...table, clock });
    const life = { value: bytes("a"), expiresAt: clock.now() + MINUTE };
    for (let n = 0; n < 600; n++) await store.create(`dead ${n}`, life);
    for (let n = 0; n < 300; n++) await store.create(`live ${n}`, { ...life, expiresAt: clock.now() + 3 * MINUTE });
    await insert(db, table, { session_id: null, data: null, expiry: null });
    clock.advance(2 * MINUTE);
    const [one, two] = await Promise.all([store.deleteExpired(), store.deleteExpired()]);
    expect(one + two).toBe(600);
    expect(await store.deleteExpired()).toBe(0);
    expect(await keysOf(store)).toEqual(Array.from({ length: 300 }, (_, n) => `live ${n}`).toSorted());
    expect(await count(db, table)).toBe(301);
  });

  test("is not touched by a transaction of the application, nor touches it", async () => {
    const table = await newTable(home);
    const store = sqlStore(db, table);
    await store.create("key", entry("a"));
    const saved: Promise<unknown>[] = [];
    const business = db.transaction().execute(async (transaction) => {
      await insert(transaction, table, { session_id: "order", data: Buffer.from("1"), expiry: "2999-01-01 00:00:00" });
      const save = store.update("key", { ...entry("b"), before: bytes("a") });
      // SQLite has one connection here: the save waits for the transaction's end.
      if (name === "sqlite") saved.push(save);
      else await save;
      throw new Error("rolled back");
    });
    await expect(business).rejects.toThrow("rolled back");
    await Promise.all(saved);
    expect(await store.read("key")).toMatchObject(holding("b"));
    expect(await store.read("order")).toBeUndefined();
  });

  test("refuses a transaction", async () => {
    await db.transaction().execute(async (transaction) => {
      expect(() => sqlStore(transaction)).toThrow(expect.objectContaining({ code: "CONFIG" }));
    });
  });

  test("minds no plugin of the application's", async () => {
    const table = await newTable(home);
    const store = sqlStore(db.withPlugin(new CamelCasePlugin()), table);
    await store.create("key", entry("a"));
    expect(await store.read("key")).toMatchObject(holding("a"));
    expect(await keysOf(store)).toEqual(["key"]);
  });

  test("rejects with the engine's own error where there is no table, or another", async () => {
    const missing = sqlStore(db, { ...within(home), table: "missing" });
    const verbs = [() => missing.create("key", entry("a")), () => missing.read("key"), () => missing.delete("key")];
    for (const verb of verbs) await expect(verb()).rejects.toThrow(/missing/);
    const other = { ...within(home), table: "other" };
    const place = home.schema === undefined ? sql.id("other") : sql.id(home.schema, "other");
    await sql`create table ${place} (session_id varchar(99) primary key, data text, expiry timestamp)`.execute(db);
    await insert(db, other, { session_id: "key", data: "a", expiry: "2030-01-01 00:00:00" });
    await expect(sqlStore(db, other).read("key")).rejects.toThrow("the column data holds a string");
    await sql`alter table ${place} drop column data`.execute(db);
    await expect(sqlStore(db, other).read("key")).rejects.toThrow(/data/);
  });

  test("tells neither key nor data in an error", async () => {
    const table = await newTable(home);
    const place = home.schema === undefined ? sql.id(`${table.table}`) : sql.id(home.schema, `${table.table}`);
    await sql`alter table ${place} add constraint small check (session_id <> 'the key')`.execute(db).catch(async () => {
      await sql`create trigger small before insert on ${place} begin select raise(abort, 'small'); end`.execute(db);
    });
    const error = await sqlStore(db, table)
      .create("the key", entry("the data"))
      .catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(Error);
    expect(inspect(error, { depth: 9 })).not.toMatch(/the key|the data|746865206b6579|7468652064617461/i);
  });
}
