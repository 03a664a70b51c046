import { sql } from "kysely";
import Libsql from "libsql";
import { describe, expect, test, vi } from "vitest";
import { createTable, sqlStore } from "../../src/stores/sql.ts";
import { bytes } from "../../src/testing/internal/stage.ts";
import { testEngine } from "./sql-common.ts";
import { entry, holding } from "./entries.ts";
import { openHome } from "./sql-home.ts";
import { testTables } from "./sql-kits.ts";

// Many tests of the kits wait for a deadline by the engine's clock; they wait together.
vi.setConfig({ maxConcurrency: 20 });

describe("sql store over SQLite", () => {
  testEngine("sqlite");
  testTables("sqlite", [
    ["our table", {}],
    ["sqlalchemy's table", { flask: "sqlalchemy" }],
  ]);

  test("rejects while another process writes for too long, and goes on", async () => {
    const { db, url } = await openHome("sqlite");
    await createTable(db);
    const store = sqlStore(db);
    await store.create("key", entry("a"));
    await sql`pragma busy_timeout = 0`.execute(db);
    const other = new Libsql(url);
    other.exec("begin immediate");
    await expect(store.delete("key")).rejects.toMatchObject({ code: expect.stringContaining("SQLITE_BUSY") });
    other.exec("rollback");
    other.close();
    expect(await store.delete("key")).toBe(true);
  });

  test("rejects where the disk is full, writes nothing by halves, and goes on", async () => {
    const { db } = await openHome("sqlite");
    await createTable(db);
    const store = sqlStore(db);
    await store.create("key", entry("a"));
    await sql`pragma max_page_count = 20`.execute(db);
    const large = { ...entry(""), value: new Uint8Array(1_000_000) };
    await expect(store.create("large", large)).rejects.toMatchObject({ code: "SQLITE_FULL" });
    await expect(store.update("key", { ...large, before: bytes("a") })).rejects.toMatchObject({ code: "SQLITE_FULL" });
    expect(await store.read("large")).toBeUndefined();
    expect(await store.read("key")).toMatchObject(holding("a"));
    expect(await store.update("key", { ...entry("b"), before: bytes("a") })).toEqual({ done: true });
  });

  test("rejects a write to a database that may only be read", async () => {
    const { db } = await openHome("sqlite");
    await createTable(db);
    await sqlStore(db).create("key", entry("a"));
    await sql`pragma query_only = on`.execute(db);
    await expect(sqlStore(db).delete("key")).rejects.toMatchObject({ code: "SQLITE_READONLY" });
    expect(await sqlStore(db).read("key")).toMatchObject(holding("a"));
  });

  test("keeps the table of an attached database", async () => {
    const { db } = await openHome("sqlite");
    await sql`attach ':memory:' as web`.execute(db);
    await createTable(db, { schema: "web" });
    await sqlStore(db, { schema: "web" }).create("key", entry("a"));
    expect((await sql`select session_id from web.sessions`.execute(db)).rows).toEqual([{ session_id: "key" }]);
  });
});
