/** What PostgreSQL, MySQL with MariaDB, and SQLite have each their own words for. */
import type { Kysely, RawBuilder, Sql } from "kysely";
import { SessionError } from "../../errors.ts";

/** What a `Kysely` writes for: `mysql` is MariaDB as well. */
export type SqlDialect = "postgres" | "mysql" | "sqlite";

/**
 * How many rows one statement of `list` reads, and one of `deleteExpired` removes. A driver of SQLite works within the turn,
 * and requests wait for as long.
 */
export const SLICE: Readonly<Record<SqlDialect, number>> = { postgres: 250, mysql: 250, sqlite: 25 };

/** A database of any tables. */
// oxlint-disable-next-line typescript/no-explicit-any -- whatever tables a database has, as Kysely says it
export type SqlDatabase = Kysely<any>;

/** Parts of statements. A value is given by the name that stands for it. */
export interface Words {
  /** The instant at which a statement runs, by the engine's clock, as `expiry` would have it. */
  readonly now: RawBuilder<unknown>;
  /** An instant as `expiry` has it, from its text. */
  readonly instant: (name: string) => RawBuilder<unknown>;
  /** `expiry` as a text, whatever time zone the connection has and whatever types its client makes of columns. */
  readonly told: RawBuilder<string | null>;
  /** Whether a row is that of a key, byte by byte, by way of the index. */
  readonly isOf: (name: string) => RawBuilder<unknown>;
  /** `insert into` and `update`, of which the engine may not cut anything to fit. */
  readonly insertInto: RawBuilder<unknown>;
  readonly update: RawBuilder<unknown>;
}

/** Finds out what an instance writes for, by what it makes of a query. Throws `CONFIG` for what is no such instance. */
export function dialectOf(db: unknown): SqlDialect {
  const given = db as Partial<SqlDatabase> | null | undefined;
  if (typeof given?.withoutPlugins !== "function" || typeof given.getExecutor !== "function") {
    throw new SessionError(
      "CONFIG",
      "sqlStore was given no database that it knows; give a Kysely of kysely 0.28 or 0.29",
    );
  }
  if (given.isTransaction === true) {
    throw new SessionError("CONFIG", "sqlStore was given a transaction, which ends; give the Kysely that began it");
  }
  const { sql } = (db as SqlDatabase).withoutPlugins().selectFrom("t").selectAll().where("c", "=", 1).compile();
  if (sql.endsWith(`"c" = $1`)) return "postgres";
  if (sql.endsWith("`c` = ?")) return "mysql";
  if (sql.endsWith(`"c" = ?`)) return "sqlite";
  throw new SessionError("CONFIG", "sqlStore was given a database that is no PostgreSQL, MySQL, MariaDB or SQLite");
}

/** The words of a dialect. `zoned`: `expiry` is in the time zone of the connection, and not in UTC. */
export function wordsOf(sql: Sql, dialect: SqlDialect, zoned: boolean): Words {
  if (dialect === "mysql") return mysqlWords(sql);
  return {
    isOf: (name) => sql`session_id = ${name}`,
    insertInto: sql`insert into`,
    update: sql`update`,
    ...(dialect === "sqlite" ? sqliteTimes(sql) : zoned ? zonedTimes(sql) : utcTimes(sql)),
  };
}

type Times = Pick<Words, "now" | "instant" | "told">;

function sqliteTimes(sql: Sql): Times {
  return {
    // Six digits of the second, as SQLAlchemy writes them: they are compared as texts.
    now: sql`(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000')`,
    instant: (name) => sql`${name}`,
    told: sql`expiry`,
  };
}

const FORMAT = "YYYY-MM-DD HH24:MI:SS.US";

function utcTimes(sql: Sql): Times {
  return {
    now: sql`(statement_timestamp() at time zone 'utc')`,
    instant: (name) => sql`cast(${name} as timestamp)`,
    told: sql`to_char(expiry, ${sql.lit(FORMAT)})`,
  };
}

function zonedTimes(sql: Sql): Times {
  return {
    now: sql`cast(statement_timestamp() as timestamp)`,
    instant: (name) => sql`cast(cast(${name} as timestamp) at time zone 'utc' as timestamp)`,
    told: sql`to_char(cast(expiry as timestamptz) at time zone 'utc', ${sql.lit(FORMAT)})`,
  };
}

/**
 * Where a collation knows no letter case, and pads with blanks, the index only finds what is like the key.
 *
 * Without a strict mode a text or value would be cut to fit, and nobody told. It is turned on for one statement, by
 * MariaDB's way, which is a comment to MySQL, and by MySQL's, which is a comment to MariaDB.
 */
function mysqlWords(sql: Sql): Words {
  const mariadb = sql`/*M! set statement sql_mode = 'STRICT_ALL_TABLES' for */`;
  const mysql = sql`/*+ set_var(sql_mode = 'STRICT_ALL_TABLES') */`;
  const bytesOf = (text: RawBuilder<unknown>) => sql`cast(convert(${text} using utf8mb4) as binary)`;
  return {
    now: sql`utc_timestamp(6)`,
    instant: (name) => sql`${name}`,
    told: sql`date_format(expiry, '%Y-%m-%d %H:%i:%s.%f')`,
    isOf: (name) => sql`session_id = ${name} and ${bytesOf(sql`session_id`)} = ${bytesOf(sql`${name}`)}`,
    insertInto: sql`${mariadb} insert ${mysql} into`,
    update: sql`${mariadb} update ${mysql}`,
  };
}
