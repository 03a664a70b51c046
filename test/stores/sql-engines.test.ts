import { randomUUID } from "node:crypto";
import { CamelCasePlugin, Kysely, SqliteDialect, sql } from "kysely";
import Libsql from "libsql";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Entry } from "../../src/store.ts";
import { createTable, type Database, type SqlTable, sqlStore, tableSql } from "../../src/stores/sql.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { bytes } from "../../src/testing/internal/stage.ts";
import { testListable, testStore } from "../../src/testing/store-suite.ts";
import { canStart, has, startMariadb, startPostgres, untilTheEnd } from "../engines.ts";
import { type Engine, openers, openMariadb, openPostgres } from "./sql-databases.ts";
import { type Home, newTable, openHome } from "./sql-home.ts";

const MINUTE = 60_000;

// Many tests of the kit wait for a deadline by the engine's clock; they wait together.
vi.setConfig({ maxConcurrency: 20 });

const names: Engine[] = ["postgres", "mariadb", "sqlite"];
const there = names.filter((name) => name === "sqlite" || has(name));

describe.each(there)("sql store over %s", (name) => {
  let home: Home;
  let db: Database;

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
});

interface Mood {
  engine: "postgres" | "mariadb";
  /** Connections of a server that are in a mood. */
  open: (url: string) => Database;
  kinds?: SqlTable[];
}

const moods: Record<string, Mood> = {
  "PostgreSQL in another zone, with other dates": {
    engine: "postgres",
    open: (url) => inPostgres(url, "-c timezone=America/New_York -c datestyle=German,DMY"),
    kinds: [{}, { flask: "postgresql" }],
  },
  "PostgreSQL that serializes transactions": {
    engine: "postgres",
    open: (url) => inPostgres(url, "-c default_transaction_isolation=serializable"),
  },
  "MariaDB in another zone, that tells dates as texts": {
    engine: "mariadb",
    open: (url) => inMariadb(url, "time_zone = '-05:00'", { timezone: "+09:00", dateStrings: true }),
  },
  "MariaDB that counts the rows that change": {
    engine: "mariadb",
    open: (url) => inMariadb(url, "sql_mode = ''", { flags: ["-FOUND_ROWS"] }),
    kinds: [{}, { flask: "sqlalchemy" }],
  },
  "MariaDB with snapshot isolation": {
    engine: "mariadb",
    open: (url) => inMariadb(url, "innodb_snapshot_isolation = on"),
  },
};

const moody = Object.entries(moods).filter(([, { engine }]) => there.includes(engine));

describe.each(moody)("sql store over %s", (_name, { engine, open, kinds = [{}] }) => {
  let home: Home;
  let db: Database;

  beforeAll(async () => {
    home = await openHome(engine);
    ({ db } = await untilTheEnd(opened(open(home.url))));
  });

  describe.each(kinds)("in the table %o", (kind) => {
    let table: SqlTable;
    beforeAll(async () => {
      table = await newTable(home, kind);
    });

    const isPythons = kind.flask !== undefined;
    const limits = { ...(isPythons && { keys: "hashed" as const }), ...(isPythons && { maxValue: 65_535 }) };
    testStore({ test: test.concurrent, open: () => sqlStore(db, table), time: "engine", ...limits });
    testListable({ test: test.concurrent, open: () => sqlStore(db, table), time: "engine", ...limits });
  });
});

describe.skipIf(!has("mariadb"))("sql store over MariaDB and a table of Python's", () => {
  let home: Home;
  let db: Database;
  let table: SqlTable;

  beforeAll(async () => {
    home = await openHome("mariadb");
    table = await newTable(home, { flask: "sqlalchemy" });
    ({ db } = await untilTheEnd(opened(inMariadb(home.url, "sql_mode = ''"))));
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
      await expect(store.create(other, entry("b"))).rejects.toMatchObject({ errno: 1062 });
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
    const { db } = await untilTheEnd(opened(openMariadb({ uri: server.url })));
    await createTable(db);
    const store = sqlStore(db);
    await store.create("key", entry("a"));
    const large = { ...entry(""), value: new Uint8Array(600_000), before: bytes("a") };
    await expect(store.update("key", large)).rejects.toMatchObject({ errno: 1153 });
    // The server closes the connection, which the pool may lend once more.
    await vi.waitFor(async () => expect(await store.read("key")).toMatchObject(holding("a")));
  });

  test("rejects while it is down or refuses the password, and goes on when it is back", async () => {
    const server = await untilTheEnd(startMariadb());
    const { db } = await untilTheEnd(opened(openMariadb({ uri: server.url })));
    await createTable(db);
    const stranger = openMariadb({ uri: server.url.replace("root@", "root:wrong@") });
    await untilTheEnd(opened(stranger));
    await expect(sqlStore(stranger).read("key")).rejects.toMatchObject({ errno: 1045 });
    expect(await comesBack(db, server, (port) => startMariadb({ port }))).toBe(true);
  });

  test("rejects a statement whose connection is cut, which changes nothing, and goes on", async () => {
    const { db } = await openHome("mariadb");
    await createTable(db);
    const store = sqlStore(db);
    await store.create("key", entry("a"));
    await db.transaction().execute(async (blocker) => {
      await sql`select * from sessions for update`.execute(blocker);
      const waiting = store.update("key", { ...entry("b"), before: bytes("a") });
      waiting.catch(() => undefined);
      const ids = await vi.waitUntil(async () => {
        const { rows } = await sql<{ id: number }>`
          select id from information_schema.processlist where info like '%update%data = %' and id <> connection_id()`.execute(
          db,
        );
        return rows.length > 0 ? rows : undefined;
      });
      for (const { id } of ids) await sql`kill ${sql.lit(id)}`.execute(db);
      await expect(waiting).rejects.toBeInstanceOf(Error);
    });
    expect(await store.read("key")).toMatchObject(holding("a"));
    expect(await store.update("key", { ...entry("b"), before: bytes("a") })).toEqual({ done: true });
  });
});

describe.skipIf(!canStart("postgres"))("sql store over a PostgreSQL of its own", () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let db: Database;

  beforeAll(async () => {
    server = await untilTheEnd(startPostgres());
    ({ db } = await untilTheEnd(opened(openPostgres({ connectionString: server.url }))));
    await createTable(db);
  });

  test("rejects while it is down, and goes on when it is back", async () => {
    const mortal = await untilTheEnd(startPostgres());
    const own = await untilTheEnd(opened(openPostgres({ connectionString: mortal.url })));
    await createTable(own.db);
    expect(await comesBack(own.db, mortal, (port) => startPostgres({ port }))).toBe(true);
  });

  test("rejects where nobody may log in", async () => {
    const stranger = openPostgres({ connectionString: server.url.replace("flagon@", "nobody@") });
    await untilTheEnd(opened(stranger));
    await expect(sqlStore(stranger).read("key")).rejects.toMatchObject({ code: "28000" });
  });

  test("works on a table that is there where the application may create none, and says what is refused where not", async () => {
    await sql`create role clerk login`.execute(db);
    await sql`revoke create on schema public from public`.execute(db);
    await sql`grant select, insert, update, delete on sessions to clerk`.execute(db);
    const { db: clerk } = await untilTheEnd(
      opened(openPostgres({ connectionString: server.url.replace("flagon@", "clerk@") })),
    );
    await createTable(clerk);
    expect(await sqlStore(clerk).create("clerk's", entry("a"))).toBe(true);
    await expect(createTable(clerk, { table: "another" })).rejects.toMatchObject({ code: "42501" });
  });

  test("rejects a statement whose connection is cut, which changes nothing, and goes on", async () => {
    const store = sqlStore(db);
    await store.create("cut", entry("a"));
    await db.transaction().execute(async (blocker) => {
      await sql`select * from sessions for update`.execute(blocker);
      const waiting = store.update("cut", { ...entry("b"), before: bytes("a") });
      waiting.catch(() => undefined);
      await vi.waitUntil(async () => {
        const { rows } = await sql<{ gone: boolean }>`
          select pg_terminate_backend(pid) as gone from pg_stat_activity where wait_event_type = 'Lock'`.execute(db);
        return rows.length > 0;
      });
      await expect(waiting).rejects.toMatchObject({ code: "57P01" });
    });
    expect(await store.read("cut")).toMatchObject(holding("a"));
    expect(await store.update("cut", { ...entry("b"), before: bytes("a") })).toEqual({ done: true });
  });

  test("numbers the rows by the sequence that it is told of, as SQLAlchemy does", async () => {
    const table = { table: "numbered", sequence: "Session Numbers", flask: "sqlalchemy" } as const;
    await createTable(db, table);
    const store = sqlStore(db, table);
    await store.create("one", entry("a"));
    await store.create("two", entry("a"));
    expect((await sql`select id, session_id from numbered order by id`.execute(db)).rows).toEqual([
      { id: 1, session_id: "one" },
      { id: 2, session_id: "two" },
    ]);
  });

  test("keeps the deadline of postgresql's table in the zone of the connection, as Flask-Session does", async () => {
    const abroad = await untilTheEnd(opened(inPostgres(server.url, "-c timezone=Asia/Kolkata")));
    const table = { table: "flask_sessions", flask: "postgresql" } as const;
    await createTable(db, table);
    await sqlStore(abroad.db, table).create("key", { value: bytes("a"), expiresAt: Date.UTC(2999, 0, 1) });
    const { rows } = await sql`select expiry::text from flask_sessions`.execute(db);
    expect(rows).toEqual([{ expiry: "2999-01-01 05:30:00" }]);
    expect(await sqlStore(abroad.db, table).read("key")).toMatchObject({ expiresAt: Date.UTC(2999, 0, 1) });
  });

  test("reads an endless timestamp as the last instant", async () => {
    await sql`insert into sessions values ('endless', 'a', 'infinity')`.execute(db);
    expect(await sqlStore(db).read("endless")).toMatchObject({ expiresAt: Date.UTC(9999, 11, 31, 23, 59, 59, 999) });
  });
});

describe("sql store over SQLite", () => {
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
    expect(() => sqlStore(lite as Database, options as never)).toThrow(expect.objectContaining({ code: "CONFIG" }));
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

/** Fails unless the store rejects while its server is killed; whether it works when that is back. */
async function comesBack(
  db: Database,
  server: { pid: number; port: number; stop(): Promise<void> },
  start: (port: number) => Promise<{ stop(): unknown }>,
): Promise<boolean> {
  const store = sqlStore(db);
  await store.create("key", entry("a"));
  process.kill(server.pid, "SIGKILL");
  await server.stop();
  const change = { ...entry("b"), before: bytes("a") };
  const verbs = [store.create("key", entry("a")), store.read("key"), store.update("key", change), store.delete("key")];
  for (const { status } of await Promise.allSettled(verbs)) expect(status).toBe("rejected");
  await untilTheEnd(start(server.port));
  await vi.waitFor(() => createTable(db), { timeout: 10_000 });
  return store.create("key", entry("a"));
}

async function opened(db: Database): Promise<{ db: Database; stop(): unknown }> {
  return { db, stop: () => db.destroy() };
}

function inPostgres(connectionString: string, options: string): Database {
  return openPostgres({ connectionString, options });
}

function inMariadb(uri: string, setting: string, options: object = {}): Database {
  return openMariadb({ uri, ...options }, (connection) => connection.query(`set session ${setting}`));
}

function within({ schema }: Home): SqlTable {
  return schema === undefined ? {} : { schema };
}

/** The same database, whose statements are told to a list. */
async function logging(name: Engine, { url }: Home, asked: string[]): Promise<Database> {
  const db = openers[name](url, ({ query }) => asked.push(query.sql));
  return (await untilTheEnd(opened(db))).db;
}

interface Columns {
  session_id: string | null;
  data: Buffer | string | null;
  expiry: string | null;
}

async function insert(db: Database, table: SqlTable, { session_id, data, expiry }: Columns): Promise<void> {
  await sql`insert into ${placeOf(table)} (session_id, data, expiry) values (${session_id}, ${data}, ${expiry})`.execute(
    db,
  );
}

async function count(db: Database, table: SqlTable): Promise<number> {
  const { rows } = await sql<{ n: unknown }>`select count(*) as n from ${placeOf(table)}`.execute(db);
  return Number(rows[0]?.n);
}

function placeOf({ table = "sessions", schema }: SqlTable) {
  return schema === undefined ? sql.id(table) : sql.id(schema, table);
}

async function keysOf(store: ReturnType<typeof sqlStore>): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key] of store.list()) keys.push(key);
  return keys.toSorted();
}

function entry(text: string): Entry {
  return { value: bytes(text), expiresAt: inAMinute() };
}

function holding(text: string): { value: Uint8Array } {
  return { value: expect.toSatisfy((value: Uint8Array) => Buffer.from(value).toString() === text) as Uint8Array };
}

function inAMinute(): number {
  return Date.now() + MINUTE;
}
