import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { systemClock } from "flagon";
import { createTable, sqlStore } from "flagon/sql";
import { CompiledQuery, type Dialect, Kysely, MysqlDialect, PostgresDialect, SqliteDialect } from "kysely";
import Libsql from "libsql";
import { createPool } from "mysql2";
import pg from "pg";
import { startMariadb, startPostgres } from "../../scripts/engines/index.mjs";
import type { Connection, Engine, Subject, Verbs } from "./subject.ts";

/** What a statement gave: rows, or how many it changed. */
interface Result {
  readonly rows: readonly unknown[];
  readonly changed: number;
}

/** Runs a statement. */
type Run = (statement: string, values: readonly unknown[]) => Promise<Result>;

/** A driver, opened for Kysely and for itself. */
interface Driver {
  readonly dialect: Dialect;
  readonly run: Run;
}

/** What databases differ in here. */
interface Kind {
  readonly name: string;
  readonly title: string;
  readonly driver: string;
  start(): Promise<Engine>;
  open(url: string): Driver;
  /** The same as the store's own. */
  readonly statements: Readonly<Record<keyof Verbs, string>>;
  /** What finds a row: its key, as often as the statements ask for it. */
  found(key: string): readonly string[];
  /** Gives the bytes of the table, indexes included. */
  readonly size: readonly string[];
}

const POSTGRES: Kind = {
  name: "postgres",
  title: "PostgreSQL",
  driver: "pg",
  start: startPostgres,
  open(url) {
    const pool = new pg.Pool({ connectionString: url });
    pool.on("error", () => undefined);
    return {
      dialect: new PostgresDialect({ pool }),
      async run(statement, values) {
        const { rows, rowCount } = await pool.query(statement, [...values]);
        return { rows, changed: rowCount ?? 0 };
      },
    };
  },
  statements: {
    create: `insert into sessions as held (session_id, data, expiry) values ($1, $2, cast($3 as timestamp))
      on conflict (session_id) do update set data = excluded.data, expiry = excluded.expiry
      where held.expiry <= (statement_timestamp() at time zone 'utc') or held.expiry is null`,
    read: `select data, to_char(expiry, 'YYYY-MM-DD HH24:MI:SS.US') as deadline from sessions
      where session_id = $1 and expiry > (statement_timestamp() at time zone 'utc')`,
    update: `update sessions set data = $1, expiry = cast($2 as timestamp)
      where session_id = $3 and expiry > (statement_timestamp() at time zone 'utc') and data = $4`,
  },
  found: (key) => [key],
  size: ["vacuum sessions", "select pg_total_relation_size('sessions') as bytes"],
};

const STRICT = "/*M! set statement sql_mode = 'STRICT_ALL_TABLES' for */";
const STRICT_HINT = "/*+ set_var(sql_mode = 'STRICT_ALL_TABLES') */";
const IS_FOUND = `session_id = ?
  and cast(convert(session_id using utf8mb4) as binary) = cast(convert(? using utf8mb4) as binary)`;

const MARIADB: Kind = {
  name: "mariadb",
  title: "MariaDB",
  driver: "mysql2",
  start: startMariadb,
  open(url) {
    const pool = createPool({ uri: url });
    return {
      dialect: new MysqlDialect({ pool }),
      async run(statement, values) {
        const [result] = await pool.promise().query(statement, [...values]);
        if (Array.isArray(result)) return { rows: result, changed: 0 };
        return { rows: [], changed: (result as { affectedRows: number }).affectedRows };
      },
    };
  },
  statements: {
    create: `${STRICT} insert ${STRICT_HINT} into sessions (session_id, data, expiry) values (?, ?, ?)`,
    read: `select data, date_format(expiry, '%Y-%m-%d %H:%i:%s.%f') as deadline from sessions
      where ${IS_FOUND} and expiry > utc_timestamp(6)`,
    update: `${STRICT} update ${STRICT_HINT} sessions set data = ?, expiry = ?
      where ${IS_FOUND} and expiry > utc_timestamp(6) and data = ?`,
  },
  found: (key) => [key, key],
  size: [
    "analyze table sessions",
    "select data_length + index_length as bytes from information_schema.tables where table_name = 'sessions'",
  ],
};

const SQLITE: Kind = {
  name: "sqlite",
  title: "SQLite",
  driver: "libsql",
  async start() {
    const folder = mkdtempSync(join(tmpdir(), "flagon-bench-"));
    return { url: pathToFileURL(join(folder, "sessions.db")).href, stop: () => rmSync(folder, { recursive: true }) };
  },
  open(url) {
    const database = new Libsql(fileURLToPath(url));
    database.exec("pragma journal_mode = wal");
    database.exec("pragma synchronous = normal");
    const prepared = new Map<string, Libsql.Statement>();
    return {
      dialect: new SqliteDialect({ database }),
      async run(text, values) {
        const statement = prepared.get(text) ?? database.prepare(text);
        prepared.set(text, statement);
        if (/^(?:select|pragma)/.test(text)) return { rows: statement.all(...values), changed: 0 };
        return { rows: [], changed: statement.run(...values).changes };
      },
    };
  },
  statements: {
    create: `insert into sessions as held (session_id, data, expiry) values (?, ?, ?)
      on conflict (session_id) do update set data = excluded.data, expiry = excluded.expiry
      where held.expiry <= strftime('%Y-%m-%d %H:%M:%f', 'now') || '000' or held.expiry is null`,
    read: `select data, expiry as deadline from sessions
      where session_id = ? and expiry > strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'`,
    update: `update sessions set data = ?, expiry = ?
      where session_id = ? and expiry > strftime('%Y-%m-%d %H:%M:%f', 'now') || '000' and data = ?`,
  },
  found: (key) => [key],
  size: ["select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()"],
};

/** Each beside its driver, and beside Kysely, which is what the store is given. */
export const databases: readonly Subject[] = [POSTGRES, MARIADB, SQLITE].flatMap((kind) => [
  subjectOf(kind, `beside ${kind.driver}`, ({ run }) => run),
  subjectOf(kind, "beside Kysely", (_driver, db) => async (statement, values) => {
    const { rows, numAffectedRows = 0n } = await db.executeQuery(CompiledQuery.raw(statement, [...values]));
    return { rows, changed: Number(numAffectedRows) };
  }),
]);

function subjectOf(kind: Kind, beside: string, runOf: (driver: Driver, db: Kysely<unknown>) => Run): Subject {
  return {
    name: kind.name,
    title: `${kind.title}, ${beside}`,
    start: () => kind.start(),
    async connect(url, clock): Promise<Connection> {
      const driver = kind.open(url);
      const db = new Kysely<unknown>({ dialect: driver.dialect });
      await createTable(db);
      return {
        // The database's own clock is what comes by default.
        store: sqlStore(db, clock === systemClock ? {} : { clock }),
        raw: verbsBy(runOf(driver, db), kind),
        size: () => sizeBy(driver.run, kind.size),
        close: () => db.destroy(),
      };
    },
  };
}

function verbsBy(run: Run, { statements, found }: Kind): Verbs {
  return {
    create: async (key, value, end) => (await run(statements.create, [key, value, textOf(end)])).changed === 1,
    async read(key) {
      const { rows } = await run(statements.read, found(key));
      const { data } = (rows[0] ?? {}) as { data?: Buffer | ArrayBuffer };
      // libsql gives an ArrayBuffer, and takes a Buffer only.
      return data instanceof ArrayBuffer ? Buffer.from(data) : data;
    },
    async update(key, before, value, end) {
      return (await run(statements.update, [value, textOf(end), ...found(key), before])).changed === 1;
    },
  };
}

async function sizeBy(run: Run, statements: readonly string[]): Promise<number> {
  let rows: readonly unknown[] = [];
  for (const statement of statements) ({ rows } = await run(statement, []));
  return Number((rows[0] as { bytes: unknown }).bytes);
}

/** `2026-11-22 08:15:30.123000`, in UTC. */
function textOf(instant: number): string {
  return new Date(instant).toISOString().replace("T", " ").replace("Z", "000");
}
