import { sql } from "kysely";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { createTable, type SqlDatabase, sqlStore } from "../../src/stores/sql.ts";
import { bytes } from "../../src/testing/internal/stage.ts";
import { canStart, has, startPostgres, untilTheEnd } from "../engines.ts";
import { testEngine } from "./sql-common.ts";
import { openPostgres } from "./sql-databases.ts";
import { comesBack, insert, lent } from "./sql-helpers.ts";
import { entry, holding } from "./entries.ts";
import { testMood, testTables } from "./sql-kits.ts";

// Many tests of the kits wait for a deadline by the engine's clock; they wait together.
vi.setConfig({ maxConcurrency: 20 });

describe.skipIf(!has("postgres"))("sql store over PostgreSQL", () => {
  testEngine("postgres");
  testTables("postgres", [
    ["our table", {}],
    ["sqlalchemy's table", { flask: "sqlalchemy" }],
    ["postgresql's table", { flask: "postgresql" }],
  ]);

  describe("in another zone, with other dates", () => {
    const open = (url: string) => inPostgres(url, "-c timezone=America/New_York -c datestyle=German,DMY");
    testMood("postgres", open, [{}, { flask: "postgresql" }]);
  });

  describe("that serializes transactions", () => {
    testMood("postgres", (url) => inPostgres(url, "-c default_transaction_isolation=serializable"));
  });
});

describe.skipIf(!canStart("postgres"))("sql store over a PostgreSQL of its own", () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let db: SqlDatabase;

  beforeAll(async () => {
    server = await untilTheEnd(startPostgres());
    db = await lent(openPostgres({ connectionString: server.url }));
    await createTable(db);
  });

  test("rejects while it is down, and goes on when it is back", async () => {
    const mortal = await untilTheEnd(startPostgres());
    const own = await lent(openPostgres({ connectionString: mortal.url }));
    await createTable(own);
    expect(await comesBack(own, mortal, (port) => startPostgres({ port }))).toBe(true);
  });

  test("rejects where nobody may log in", async () => {
    const stranger = openPostgres({ connectionString: server.url.replace("flagon@", "nobody@") });
    await lent(stranger);
    await expect(sqlStore(stranger).read("key")).rejects.toMatchObject({ code: "28000" });
  });

  test("works on a table that is there where the application may create none, and says what is refused where not", async () => {
    await sql`create role clerk login`.execute(db);
    await sql`revoke create on schema public from public`.execute(db);
    await sql`grant select, insert, update, delete on sessions to clerk`.execute(db);
    const clerk = await lent(openPostgres({ connectionString: server.url.replace("flagon@", "clerk@") }));
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
      await vi.waitUntil(
        async () => {
          const { rows } = await sql<{ gone: boolean }>`
          select pg_terminate_backend(pid) as gone from pg_stat_activity where wait_event_type = 'Lock'`.execute(db);
          return rows.length > 0;
        },
        { timeout: 10_000 },
      );
      await expect(waiting).rejects.toMatchObject({ code: "57P01" });
    });
    expect(await store.read("cut")).toMatchObject(holding("a"));
    expect(await store.update("cut", { ...entry("b"), before: bytes("a") })).toEqual({ done: true });
  });

  test("makes a change that PostgreSQL would never serialize", async () => {
    const serial = await lent(inPostgres(server.url, "-c default_transaction_isolation=serializable"));
    await createTable(db, { table: "crowded" });
    await sql`create function give_up() returns trigger language plpgsql as $$ begin
      if current_setting('transaction_isolation') = 'serializable' then
        raise serialization_failure;
      end if;
      return new;
    end $$`.execute(db);
    await sql`create trigger crowd before insert or update on crowded for each row execute function give_up()`.execute(
      db,
    );
    const store = sqlStore(serial, { table: "crowded" });
    expect(await store.create("key", entry("a"))).toBe(true);
    expect(await store.update("key", { ...entry("b"), before: bytes("a") })).toEqual({ done: true });
    expect(await store.update("key", { ...entry("c"), before: bytes("a") })).toMatchObject({ done: false });
    expect(await store.read("key")).toMatchObject(holding("b"));
    const others = insert(serial, { table: "crowded" }, { session_id: "other", data: null, expiry: null });
    await expect(others).rejects.toMatchObject({ code: "40001" });
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
    const abroad = await lent(inPostgres(server.url, "-c timezone=Asia/Kolkata"));
    const table = { table: "flask_sessions", flask: "postgresql" } as const;
    await createTable(db, table);
    await sqlStore(abroad, table).create("key", { value: bytes("a"), expiresAt: Date.UTC(2999, 0, 1) });
    const { rows } = await sql`select expiry::text from flask_sessions`.execute(db);
    expect(rows).toEqual([{ expiry: "2999-01-01 05:30:00" }]);
    expect(await sqlStore(abroad, table).read("key")).toMatchObject({ expiresAt: Date.UTC(2999, 0, 1) });
  });

  test("reads an endless timestamp as the last instant", async () => {
    await sql`insert into sessions values ('endless', 'a', 'infinity')`.execute(db);
    expect(await sqlStore(db).read("endless")).toMatchObject({ expiresAt: Date.UTC(9999, 11, 31, 23, 59, 59, 999) });
  });
});

function inPostgres(connectionString: string, options: string): SqlDatabase {
  return openPostgres({ connectionString, options });
}
