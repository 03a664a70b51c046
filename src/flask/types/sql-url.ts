/** Databases of our own behind the URLs that SQLAlchemy and the clients know. A process may end while they are open. */
import type { Socket } from "node:net";
import type { Dialect, SqliteDatabase } from "kysely";
import { SessionError } from "../../errors.ts";
import type { SqlDatabase } from "../../stores/sql.ts";
import { load } from "../opening.ts";

type KyselyModule = typeof import("kysely");

/** Makes the dialect of a URL. */
type Dialing = (kysely: KyselyModule, key: string, url: string) => Promise<Dialect>;

const DIALINGS = new Map<string, Dialing>([
  ["postgresql", dialPostgres],
  ["postgres", dialPostgres],
  ["mysql", dialMysql],
  ["mariadb", dialMysql],
  ["sqlite", dialSqlite],
]);

/** SQLAlchemy names a driver of Python's behind a plus. */
const SCHEME = /^(\w+)(?:\+\w+)?:\/\//;

/** What opens the database of a URL whose scheme is one of these. Throws `CONFIG` for another. */
export function connectorOf(key: string, url: string, schemes: readonly string[] = [...DIALINGS.keys()]) {
  const [beginning = "", scheme = ""] = SCHEME.exec(url) ?? [];
  const dial = schemes.includes(scheme) ? DIALINGS.get(scheme) : undefined;
  if (!dial) {
    const known = schemes.map((each) => `${each}://`).join(", ");
    throw new SessionError("CONFIG", `${key} is no URL of a database that is known; give one of ${known}`);
  }
  return async (): Promise<SqlDatabase> => {
    const kysely = await load(key, "kysely", import("kysely"));
    return new kysely.Kysely({ dialect: await dial(kysely, key, `${scheme}://${url.slice(beginning.length)}`) });
  };
}

async function dialPostgres({ PostgresDialect }: KyselyModule, key: string, url: string): Promise<Dialect> {
  const { default: pg } = await load(key, "pg", import("pg"));
  const pool = new pg.Pool({ connectionString: url, allowExitOnIdle: true });
  // Without listeners a connection that breaks ends the process: this is for those that nobody uses, that for the others.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return new PostgresDialect({ pool });
}

async function dialMysql({ MysqlDialect }: KyselyModule, key: string, url: string): Promise<Dialect> {
  const { createPool } = await load(key, "mysql2", import("mysql2"));
  const pool = createPool(url.replace(/^mariadb:/, "mysql:"));
  pool.on("acquire", (connection: object) => socketOf(connection)?.ref());
  pool.on("release", (connection: object) => socketOf(connection)?.unref());
  return new MysqlDialect({ pool });
}

/** The socket of a connection, which mysql2 has on it but tells of nowhere. */
function socketOf(connection: object): Socket | undefined {
  return (connection as { stream?: Socket }).stream;
}

/** How long a statement waits while another process writes, in milliseconds: as long as a store has for an answer. */
const PATIENCE = 1000;

/** `sqlite:///path`, from the working directory, and `sqlite:////path`; without a path it is in memory. */
async function dialSqlite({ SqliteDialect }: KyselyModule, key: string, url: string): Promise<Dialect> {
  const path = url.replace(/^sqlite:\/\/\/?/, "").replace(/\?.*$/s, "") || ":memory:";
  const database = builtIn(path) ?? (await openLibsql(key, path));
  database.exec(`pragma busy_timeout = ${PATIENCE}`);
  return new SqliteDialect({ database });
}

interface OpenedSqlite extends SqliteDatabase {
  exec(text: string): unknown;
}

/** What is used of `node:sqlite`, which Node has from version 22.13 on. */
interface NodeSqlite {
  DatabaseSync: new (path: string) => {
    prepare(text: string): { all(...values: unknown[]): unknown[]; run(...values: unknown[]): Result };
    exec(text: string): void;
    close(): void;
  };
}
type Result = { changes: number | bigint; lastInsertRowid: number | bigint };

function builtIn(path: string): OpenedSqlite | undefined {
  const module = process.getBuiltinModule("node:sqlite") as NodeSqlite | undefined;
  const database = module && new module.DatabaseSync(path);
  return (
    database && {
      prepare(text) {
        const statement = database.prepare(text);
        return {
          reader: /^\s*select/i.test(text),
          all: (values) => statement.all(...values),
          run: (values) => statement.run(...values),
          iterate: (values) => statement.all(...values)[Symbol.iterator](),
        };
      },
      exec: (text) => database.exec(text),
      close: () => database.close(),
    }
  );
}

async function openLibsql(key: string, path: string): Promise<OpenedSqlite> {
  const { default: Libsql } = await load(key, "libsql", import("libsql"));
  return new Libsql(path);
}
