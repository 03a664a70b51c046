/** The databases that `sqlStore` is tried on, as an application would open them. */
import { type Dialect, Kysely, type LogEvent, MysqlDialect, PostgresDialect } from "kysely";
import { createPool, type PoolConnection, type PoolOptions } from "mysql2";
import type { PoolConfig } from "pg";
import type { SqlDatabase } from "../../src/stores/sql.ts";
import { openPool } from "../postgres.ts";
import { openSqlite } from "./sqlite-database.ts";

export type Engine = "postgres" | "mariadb" | "sqlite";

/** Hears of every statement. */
type Log = (event: LogEvent) => void;

/** Opens a database by its URL; of SQLite it is a file. */
export const openers: Record<Engine, (url: string, log?: Log) => SqlDatabase> = {
  postgres: (url, log) => openPostgres({ connectionString: url }, log),
  mariadb: (url, log) => openMariadb({ uri: url }, undefined, log),
  sqlite: openSqlite,
};

export function openPostgres(config: PoolConfig, log?: Log): SqlDatabase {
  return opened(new PostgresDialect({ pool: openPool(config) }), log);
}

export function openMariadb(
  options: PoolOptions,
  prepare: (connection: PoolConnection) => unknown = () => {},
  log?: Log,
): SqlDatabase {
  const pool = createPool(options);
  pool.on("connection", prepare);
  return opened(new MysqlDialect({ pool }), log);
}

function opened(dialect: Dialect, log?: Log): SqlDatabase {
  return new Kysely({ dialect, ...(log && { log }) });
}
