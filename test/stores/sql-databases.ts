/** The databases that `sqlStore` is tried on, as an application would open them. */
import { Kysely, MysqlDialect, PostgresDialect, SqliteDialect } from "kysely";
import Libsql from "libsql";
import { createPool, type PoolOptions } from "mysql2";
import pg from "pg";
import type { Database } from "../../src/stores/sql.ts";

export type Engine = "postgres" | "mariadb" | "sqlite";

/** Opens a database by its URL; of SQLite it is a file. */
export const openers: Record<Engine, (url: string) => Database> = {
  postgres: (url) => openPostgres({ connectionString: url }),
  mariadb: (url) => openMariadb({ uri: url }),
  sqlite: (file) => {
    const database = new Libsql(file);
    database.exec("pragma journal_mode = wal");
    database.exec("pragma busy_timeout = 10000");
    database.exec("pragma synchronous = normal");
    return new Kysely({ dialect: new SqliteDialect({ database }) });
  },
};

export function openPostgres(config: pg.PoolConfig): Database {
  const pool = new pg.Pool(config);
  // Without a listener a connection that breaks while nobody uses it would end the process.
  pool.on("error", () => {});
  return new Kysely({ dialect: new PostgresDialect({ pool }) });
}

export function openMariadb(options: PoolOptions): Database {
  return new Kysely({ dialect: new MysqlDialect({ pool: createPool(options) }) });
}
