/** SQLite as an application would open it. In a file of its own, so that a process that needs no more starts quickly. */
import { Kysely, type LogEvent, SqliteDialect } from "kysely";
import Libsql from "libsql";
import type { SqlDatabase } from "../../src/stores/sql.ts";

/** Opens a database by its file. */
export function openSqlite(file: string, log?: (event: LogEvent) => void): SqlDatabase {
  const database = new Libsql(file);
  database.exec("pragma journal_mode = wal");
  database.exec("pragma busy_timeout = 10000");
  database.exec("pragma synchronous = normal");
  return new Kysely({ dialect: new SqliteDialect({ database }), ...(log && { log }) });
}
