import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { flaskSession } from "../../src/flask/flask.ts";
import { type Data, Visitor } from "../core/helpers.ts";
import { canStart, has, startMariadb, startPostgres, untilTheEnd } from "../engines.ts";
import { startFaultProxy } from "../faults/proxy.ts";
import { type Engine, openers, openPostgres } from "../stores/sql-databases.ts";
import { type Home, openHome } from "../stores/sql-home.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const engines: Engine[] = ["postgres", "mariadb", "sqlite"];

describe.each(engines.filter((name) => name === "sqlite" || has(name)))("SESSION_SQLALCHEMY over %s", (name) => {
  let home: Home;
  beforeAll(async () => {
    home = await openHome(name);
  });

  /** The URL as SQLAlchemy has it. */
  function url(): string {
    if (name === "sqlite") return `sqlite:///${home.url}`;
    return home.url
      .replace(/^postgres(?:ql)?:/, "postgresql+psycopg2:")
      .replace(/^(?:mysql|mariadb):/, "mysql+pymysql:");
  }

  test.each([
    ["a URL", () => url()],
    ["a Kysely", () => home.db],
  ])("as %s keeps sessions over a restart, in a table that is created", async (what, given) => {
    const config = {
      SESSION_TYPE: "sqlalchemy",
      SESSION_SQLALCHEMY: given(),
      SESSION_SQLALCHEMY_TABLE: `Sessions by ${what}`,
      ...(home.schema !== undefined && { SESSION_SQLALCHEMY_SCHEMA: home.schema }),
    };
    const before = new Visitor(flaskSession<Data>(config));
    await before.visit((session) => Object.assign(session, { user: "ada", when: new Date(0) }));
    const after = new Visitor(flaskSession<Data>(config));
    after.cookie = before.cookie;
    expect({ ...(await after.open()) }).toEqual({ _permanent: true, user: "ada", when: new Date(0) });
    const place =
      home.schema === undefined ? sql.id(`Sessions by ${what}`) : sql.id(home.schema, `Sessions by ${what}`);
    const { rows } = await sql<{ id: number; session_id: string }>`select id, session_id from ${place}`.execute(
      home.db,
    );
    expect(rows).toEqual([{ id: 1, session_id: expect.stringMatching(/^session:[\w-]{43}$/) as string }]);
  });
});

describe.skipIf(!canStart("postgres"))("SESSION_SQLALCHEMY as a URL", () => {
  test("that nobody answers at is tried again by the next request, and the table is made then", async () => {
    const gone = await startPostgres();
    await gone.stop();
    const visitor = new Visitor(flaskSession<Data>({ SESSION_TYPE: "sqlalchemy", SESSION_SQLALCHEMY: gone.url }));
    visitor.cookie = "session=unknown";
    await expect(visitor.open()).rejects.toMatchObject({ code: "STORE", status: 503 });
    const server = await startPostgres({ port: gone.port });
    ends.push(() => server.stop());
    expect((await visitor.open()).isNew).toBe(true);
  });
});

describe.skipIf(!canStart("postgres") || !canStart("mariadb"))("a database behind a URL", () => {
  test("does not keep the process alive", async () => {
    const servers = await Promise.all([startPostgres(), startMariadb()]);
    for (const { url, stop } of servers) {
      ends.push(stop);
      const worker = fileURLToPath(new URL("sql-worker.ts", import.meta.url));
      const { status, stdout } = spawnSync(process.execPath, ["--import", "tsx", worker, url], { encoding: "utf8" });
      expect({ status, stdout }).toEqual({ status: 0, stdout: "saved\n" });
    }
  });
});

describe.each(engines.filter((name) => name !== "sqlite" && has(name)))("SESSION_SQLALCHEMY over %s", (name) => {
  // What would end a process is told by vitest as an error of the run.
  test("lives on when a connection breaks within a statement", async () => {
    const home = await openHome(name);
    const at = new URL(home.url);
    const line = await untilTheEnd(startFaultProxy(Number(at.port), at.hostname));
    at.host = `127.0.0.1:${line.port}`;
    const visitor = new Visitor(flaskSession<Data>({ SESSION_TYPE: "sqlalchemy", SESSION_SQLALCHEMY: at.href }));
    await visitor.visit((session) => (session["user"] = "ada"));
    line.faults.lostReplies = 1;
    await expect(visitor.open()).rejects.toMatchObject({ code: "STORE" });
    expect((await visitor.open())["user"]).toBe("ada");
  });
});

describe.skipIf(!has("postgres"))("SESSION_TYPE postgresql", () => {
  test("shares the table of Flask-Session's development branch", async () => {
    const home = await openHome("postgres");
    const db = openPostgres({ connectionString: home.url, options: "-c timezone=America/New_York" });
    await untilTheEnd(Promise.resolve({ stop: () => db.destroy() }));
    const { schema = "" } = home;
    const visitor = new Visitor(
      flaskSession<Data>({ SESSION_TYPE: "postgresql", SESSION_POSTGRESQL: db, SESSION_POSTGRESQL_SCHEMA: schema }),
    );
    await visitor.visit((session) => Object.assign(session, { user: "ada" }));
    expect((await visitor.open())["user"]).toBe("ada");
    const place = sql.id(schema, "flask_sessions");
    const lasting = await sql<{ hours: number }>`
      select extract(epoch from expiry - now()::timestamp)::float8 / 3600 as hours from ${place}`.execute(db);
    expect(lasting.rows[0]?.hours).toBeCloseTo(31 * 24, 1);

    // What its upsert writes.
    await sql`
      insert into ${place} (session_id, data, expiry)
      values ('session:python', ${Buffer.from("\u0081\u00A4user\u00A3bob", "latin1")}, now() + interval '1 minute')`.execute(
      db,
    );
    visitor.cookie = "session=python";
    expect((await visitor.open())["user"]).toBe("bob");
    await sql`update ${place} set expiry = now() - interval '1 second' where session_id = 'session:python'`.execute(db);
    expect((await visitor.open()).isNew).toBe(true);
  });
});

describe("a database", () => {
  const lite = openers.sqlite(":memory:");

  test.each([
    [{ SESSION_TYPE: "sqlalchemy" }, /SESSION_SQLALCHEMY is missing; give a Kysely, or a URL/],
    [{ SESSION_TYPE: "postgresql" }, /SESSION_POSTGRESQL is missing/],
    [{ SESSION_TYPE: "sqlalchemy", SESSION_SQLALCHEMY: {} }, /no database that it knows/],
    [{ SESSION_TYPE: "sqlalchemy", SESSION_SQLALCHEMY: "oracle://u:secret@h/d" }, /no URL of a database that is known/],
    [{ SESSION_TYPE: "postgresql", SESSION_POSTGRESQL: lite }, /the database is sqlite/],
    [{ SESSION_TYPE: "postgresql", SESSION_POSTGRESQL: "sqlite:///x" }, /SESSION_POSTGRESQL is no URL/],
  ])("that is none is refused when it is given: %o", (config, message) => {
    const making = () => flaskSession(config);
    expect(making).toThrow(
      expect.objectContaining({ code: "CONFIG", message: expect.stringMatching(message) as string }),
    );
    expect(making).not.toThrow(/secret@/);
  });

  test("in memory, and in a file that is not there yet", async () => {
    const folder = mkdtempSync(join(tmpdir(), "flagon-flask-"));
    ends.push(() => rmSync(folder, { recursive: true }));
    for (const url of ["sqlite://", "sqlite:///:memory:", `sqlite:///${folder}/new.db?timeout=5`]) {
      const visitor = new Visitor(flaskSession<Data>({ SESSION_TYPE: "sqlalchemy", SESSION_SQLALCHEMY: url }));
      await visitor.visit((session) => Object.assign(session, { user: "ada" }));
      expect((await visitor.open())["user"]).toBe("ada");
    }
  });
});
