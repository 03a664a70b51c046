import { sql } from "kysely";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { createTable, type SqlDatabase, type SqlTable, sqlStore } from "../../src/stores/sql.ts";
import { bytes } from "../../src/testing/internal/stage.ts";
import { canStart, has, startMariadb, untilTheEnd } from "../engines.ts";
import { testEngine } from "./sql-common.ts";
import { openMariadb } from "./sql-databases.ts";
import { comesBack, lent, logging } from "./sql-helpers.ts";
import { entry, holding } from "./entries.ts";
import { type Home, newTable, openHome } from "./sql-home.ts";
import { testMood, testTables } from "./sql-kits.ts";

// Many tests of the kits wait for a deadline by the engine's clock; they wait together.
vi.setConfig({ maxConcurrency: 20 });

describe.skipIf(!has("mariadb"))("sql store over MariaDB", () => {
  testEngine("mariadb");
  testTables("mariadb", [
    ["our table", {}],
    ["sqlalchemy's table", { flask: "sqlalchemy" }],
  ]);

  describe("in another zone, that tells dates as texts", () => {
    testMood("mariadb", (url) => {
      return inMariadb(url, "time_zone = '-05:00'", { timezone: "+09:00", dateStrings: true });
    });
  });

  describe("that counts the rows that change, in no strict mode", () => {
    const open = (url: string) => inMariadb(url, "sql_mode = ''", { flags: ["-FOUND_ROWS"] });
    testMood("mariadb", open, [{}, { flask: "sqlalchemy" }]);
  });

  describe("with snapshot isolation", () => {
    testMood("mariadb", (url) => inMariadb(url, "innodb_snapshot_isolation = on"));
  });
});

describe.skipIf(!has("mariadb"))("sql store over MariaDB and a table of Python's", () => {
  let home: Home;
  let db: SqlDatabase;
  let table: SqlTable;

  beforeAll(async () => {
    home = await openHome("mariadb");
    table = await newTable(home, { flask: "sqlalchemy" });
    db = await lent(inMariadb(home.url, "sql_mode = ''"));
  });

  test("tells keys apart by letter case and by blanks, where the collation does not", async () => {
    const store = sqlStore(db, table);
    await store.create("session:Abc", entry("a"));
    for (const other of ["session:abc", "session:Abc ", "session:Äbc"]) {
      expect(await store.read(other)).toBeUndefined();
      expect(await store.delete(other)).toBe(false);
      const change = { ...entry("b"), before: bytes("a") };
      expect(await store.update(other, change)).toEqual({ done: false, current: undefined });
      // There is no place for both.
      await expect(store.create(other, entry("b"))).rejects.toThrow("but for letter case or blanks");
    }
    expect(await store.read("session:Abc")).toMatchObject(holding("a"));
  });

  test("finds a row by the index", async () => {
    const asked: string[] = [];
    await sqlStore(await logging("mariadb", home, asked), table).read("session:Abc");
    const plan = await sql<{
      key: string;
    }>`explain ${sql.raw((asked[0] ?? "").replaceAll("?", "'session:Abc'"))}`.execute(db);
    expect(plan.rows[0]?.key).toBe("session_id");
  });

  test("cuts nothing to fit, whatever the mode", async () => {
    const store = sqlStore(db, table);
    const large = { ...entry(""), value: new Uint8Array(65_536) };
    await expect(store.create("large", large)).rejects.toMatchObject({ errno: 1406 });
    expect(await store.read("large")).toBeUndefined();
    await store.create("large", entry("a"));
    await expect(store.update("large", { ...large, before: bytes("a") })).rejects.toMatchObject({ errno: 1406 });
    expect(await store.read("large")).toMatchObject(holding("a"));
    await expect(store.create("k".repeat(256), entry("a"))).rejects.toMatchObject({ errno: 1406 });
  });
});

describe.skipIf(!canStart("mariadb"))("sql store over a MariaDB of its own", () => {
  test("rejects a packet that the server does not take, and goes on", async () => {
    const server = await untilTheEnd(startMariadb({ args: ["--max-allowed-packet=1M"] }));
    const db = await lent(openMariadb({ uri: server.url }));
    await createTable(db);
    const store = sqlStore(db);
    await store.create("key", entry("a"));
    const large = { ...entry(""), value: new Uint8Array(600_000), before: bytes("a") };
    // The server says so and closes the connection: who still writes then hears of the second alone.
    await expect(store.update("key", large)).rejects.toThrow(/max_allowed_packet|ECONNRESET|EPIPE/);
    // The pool may lend that connection once more.
    await vi.waitFor(async () => expect(await store.read("key")).toMatchObject(holding("a")), { timeout: 10_000 });
  });

  test("rejects while it is down or refuses the password, and goes on when it is back", async () => {
    const server = await untilTheEnd(startMariadb());
    const db = await lent(openMariadb({ uri: server.url }));
    await createTable(db);
    const stranger = openMariadb({ uri: server.url.replace("root@", "root:wrong@") });
    await lent(stranger);
    await expect(sqlStore(stranger).read("key")).rejects.toMatchObject({ errno: 1045 });
    expect(await comesBack(db, server, (port) => startMariadb({ port }))).toBe(true);
  });

  test("rejects a statement whose connection is cut, which changes nothing, and goes on", async () => {
    const server = await untilTheEnd(startMariadb());
    const db = await lent(openMariadb({ uri: server.url }));
    await createTable(db);
    const store = sqlStore(db);
    await store.create("key", entry("a"));
    await db.transaction().execute(async (blocker) => {
      await sql`select * from sessions for update`.execute(blocker);
      const waiting = store.update("key", { ...entry("b"), before: bytes("a") });
      waiting.catch(() => undefined);
      const ids = await vi.waitUntil(
        async () => {
          const { rows } = await sql<{ id: number }>`
          select id from information_schema.processlist where info like '%update%data = %' and id <> connection_id()`.execute(
            db,
          );
          return rows.length > 0 ? rows : undefined;
        },
        { timeout: 10_000 },
      );
      for (const { id } of ids) await sql`kill ${sql.lit(id)}`.execute(db);
      await expect(waiting).rejects.toBeInstanceOf(Error);
    });
    expect(await store.read("key")).toMatchObject(holding("a"));
    expect(await store.update("key", { ...entry("b"), before: bytes("a") })).toEqual({ done: true });
  });
});

function inMariadb(uri: string, setting: string, options: object = {}): SqlDatabase {
  return openMariadb({ uri, ...options }, (connection) => connection.query(`set session ${setting}`));
}
