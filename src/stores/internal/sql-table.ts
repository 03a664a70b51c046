/** The tables that `sqlStore` works on, as statements for whoever creates them. */
import { inspect } from "node:util";
import type { RawBuilder, Sql } from "kysely";
import { SessionError } from "../../errors.ts";
import { type SqlDatabase, type SqlDialect, dialectOf } from "./sql-dialect.ts";
import { isReserved } from "./sql-reserved.ts";

/** Which table. */
export interface SqlTable {
  /** Default: `sessions`. */
  table?: string;
  /** The schema of PostgreSQL, the database of MySQL, the attached database of SQLite. Default: the connection's own. */
  schema?: string;
  /**
   * The table is Flask-Session's, as its `SESSION_TYPE` of this name creates it. Default: one of our own, with an index on
   * the deadline. The store works on any of them.
   */
  flask?: "sqlalchemy" | "postgresql";
  /** The sequence of PostgreSQL that numbers the rows of `sqlalchemy`. Default: the table's own. */
  sequence?: string;
}

/**
 * The statements that create a table, for whoever does not let an application do so. They do nothing where it is there;
 * only those of `sqlalchemy` fail then, because their text is SQLAlchemy's own.
 */
export function tableSql(dialect: SqlDialect, options: SqlTable = {}): string[] {
  checkTable(options, dialect);
  const { flask } = options;
  if (flask === "sqlalchemy") return sqlalchemyTable(dialect, options);
  return flask === "postgresql" ? postgresqlTable(options) : OWN[dialect](namesOf(options, dialect));
}

/** Creates the table unless it is there. Safe with several processes; rejects with the engine's error when it is refused. */
export async function createTable(db: SqlDatabase, options: SqlTable = {}): Promise<void> {
  const statements = tableSql(dialectOf(db), options);
  const bare = db.withoutPlugins();
  const { sql } = await import("kysely");
  const look = () => sql`select session_id, data, expiry from ${tableOf(sql, options)} where 1 = 0`.execute(bare);
  const failures: unknown[] = [];
  const refuse = (error: unknown) => void failures.push(error);
  await look().catch(async () => {
    for (const statement of statements) await sql.raw(statement).execute(bare).catch(refuse);
    // Another process may have been quicker.
    if (failures.length > 0) await look().catch(() => Promise.reject(failures[0]));
  });
}

/** The table's name in a statement. */
export function tableOf(sql: Sql, { table, schema, flask }: SqlTable): RawBuilder<unknown> {
  const name = table ?? (flask === "postgresql" ? "flask_sessions" : "sessions");
  const within = schema ?? (flask === "postgresql" ? "public" : undefined);
  return within === undefined ? sql.id(name) : sql.id(within, name);
}

/** Throws `CONFIG` for a name that is none, and for a table that the dialect does not have. */
export function checkTable({ table, schema, flask, sequence }: SqlTable, dialect: SqlDialect): void {
  for (const [option, name] of Object.entries({ table, schema, sequence })) {
    if (name === undefined || (typeof name === "string" && /^[^\0]+$/.test(name))) continue;
    throw new SessionError("CONFIG", `${option} is ${inspect(name)}; give a name`);
  }
  if (!(dialect in OWN)) {
    throw new SessionError("CONFIG", `dialect is ${inspect(dialect)}; give 'postgres', 'mysql' or 'sqlite'`);
  }
  if (flask !== undefined && flask !== "sqlalchemy" && flask !== "postgresql") {
    throw new SessionError("CONFIG", `flask is ${inspect(flask)}; give 'sqlalchemy' or 'postgresql'`);
  }
  if (flask === "postgresql" && dialect !== "postgres") {
    throw new SessionError("CONFIG", `flask is 'postgresql', but the database is ${dialect}; give 'sqlalchemy'`);
  }
}

interface Names {
  readonly table: string;
  /** The table with its schema. */
  readonly place: string;
  /** The schema and a dot, or nothing. */
  readonly within: string;
  readonly index: string;
}

function namesOf({ table = "sessions", schema }: SqlTable, dialect: SqlDialect): Names {
  const within = schema === undefined ? "" : `${quoted(schema, dialect)}.`;
  const name = quoted(table, dialect);
  return { table: name, place: within + name, within, index: quoted(`${table}_expiry`, dialect) };
}

const OWN: Record<SqlDialect, (names: Names) => string[]> = {
  postgres: ({ place, index }) => [
    `create table if not exists ${place} (
  session_id text collate "C" primary key,
  data bytea not null,
  expiry timestamp not null
)`,
    `create index if not exists ${index} on ${place} (expiry)`,
  ],
  mysql: ({ place }) => [
    `create table if not exists ${place} (
  session_id varchar(512) character set utf8mb4 collate utf8mb4_bin not null primary key,
  data mediumblob not null,
  expiry datetime(6) not null,
  index (expiry)
) engine = InnoDB`,
  ],
  sqlite: ({ table, place, within, index }) => [
    `create table if not exists ${place} (
  session_id text not null primary key,
  data blob not null,
  expiry text not null
)`,
    `create index if not exists ${within}${index} on ${table} (expiry)`,
  ],
};

/** `_queries.py` of Flask-Session's development branch. */
function postgresqlTable({ table = "flask_sessions", schema = "public" }: SqlTable): string[] {
  const [inSchema, unique, index] = [schema, `uq_${table}_session_id`, `${table}_expiry_idx`].map((name) =>
    quoted(name, "postgres"),
  );
  const place = `${inSchema}.${quoted(table, "postgres")}`;
  return [
    `CREATE SCHEMA IF NOT EXISTS ${inSchema}`,
    `CREATE TABLE IF NOT EXISTS ${place} (
  session_id VARCHAR(255) NOT NULL PRIMARY KEY,
  created TIMESTAMP WITHOUT TIME ZONE DEFAULT (NOW() AT TIME ZONE 'utc'),
  data BYTEA,
  expiry TIMESTAMP WITHOUT TIME ZONE
)`,
    `CREATE UNIQUE INDEX IF NOT EXISTS ${unique} ON ${place} (session_id)`,
    `CREATE INDEX IF NOT EXISTS ${index} ON ${place} (expiry)`,
  ];
}

/** What SQLAlchemy calls the types. */
const TYPES = {
  postgres: { id: "SERIAL NOT NULL", data: "BYTEA", expiry: "TIMESTAMP WITHOUT TIME ZONE" },
  mysql: { id: "INTEGER NOT NULL AUTO_INCREMENT", data: "BLOB", expiry: "DATETIME" },
  sqlite: { id: "INTEGER NOT NULL", data: "BLOB", expiry: "DATETIME" },
};

/** What SQLAlchemy makes of `create_session_model` of Flask-Session 0.8, to the letter. */
function sqlalchemyTable(dialect: SqlDialect, { table = "sessions", schema, sequence }: SqlTable): string[] {
  const { id, data, expiry } = TYPES[dialect];
  const place = [schema, table].filter((name) => name !== undefined).map((name) => quotedIfNeeded(name, dialect));
  const numbered = dialect === "postgres" && sequence !== undefined;
  const columns = [
    `id ${numbered ? "INTEGER NOT NULL" : id}`,
    "session_id VARCHAR(255)",
    `data ${data}`,
    `expiry ${expiry}`,
    "PRIMARY KEY (id)",
    "UNIQUE (session_id)",
  ];
  return [
    ...(numbered ? [`CREATE SEQUENCE ${quotedIfNeeded(sequence, dialect)} START WITH 1`] : []),
    `CREATE TABLE ${place.join(".")} (\n\t${columns.join(",\n\t")}\n)`,
  ];
}

/** A name in the quotes of a dialect. */
export function quoted(name: string, dialect: SqlDialect): string {
  const quote = dialect === "mysql" ? "`" : '"';
  return quote + name.replaceAll(quote, quote + quote) + quote;
}

/** `IdentifierPreparer._requires_quotes` of SQLAlchemy. */
function quotedIfNeeded(name: string, dialect: SqlDialect): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) && !isReserved(name, dialect) ? name : quoted(name, dialect);
}
