import { Kysely, SqliteDialect } from "kysely";
import Libsql from "libsql";
import { describe, expect, test } from "vitest";
import { type SqlDatabase, sqlStore, tableSql } from "../../src/stores/sql.ts";

describe("sql store without a database", () => {
  const lite = new Kysely<unknown>({ dialect: new SqliteDialect({ database: new Libsql(":memory:") }) });

  test.each([undefined, null, "postgresql://localhost", {}, new Map(), { query() {} }])("refuses %s", (db) => {
    expect(() => sqlStore(db as never)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });

  test.each([
    { table: "" },
    { table: 5 },
    { table: "a\0b" },
    { schema: "" },
    { sequence: null },
    { clock: 5 },
    { flask: "redis" },
    { flask: "postgresql" },
  ])("refuses the options %o", (options) => {
    expect(() => sqlStore(lite as SqlDatabase, options as never)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });

  test("tells the statements that create a table", () => {
    expect(tableSql("postgres", { schema: "web" })).toEqual([
      `create table if not exists "web"."sessions" (
  session_id text collate "C" primary key,
  data bytea not null,
  expiry timestamp not null
)`,
      `create index if not exists "sessions_expiry" on "web"."sessions" (expiry)`,
    ]);
    expect(tableSql("sqlite", { flask: "sqlalchemy", table: "Order" })[0]).toMatch(/^CREATE TABLE "Order" \(\n\tid/);
    expect(tableSql("mysql", { flask: "sqlalchemy", table: "keys" })[0]).toMatch(/^CREATE TABLE `keys` \(\n\tid/);
    expect(() => tableSql("oracle" as never)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });
});
