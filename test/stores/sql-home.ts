import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { createTable, type SqlDatabase, type SqlTable } from "../../src/stores/sql.ts";
import { engine, untilTheEnd } from "../engines.ts";
import { type Engine, openers } from "./sql-databases.ts";

/** A place of our own in a server or on the disk. */
export interface Home {
  readonly db: SqlDatabase;
  readonly url: string;
  /** Where our tables are; none in SQLite. */
  readonly schema?: string;
  stop(): Promise<void>;
}

/** Opens one, until the end of the file's tests. */
export function openHome(name: Engine): Promise<Home> {
  return untilTheEnd(name === "sqlite" ? openFile() : openSchema(name));
}

async function openSchema(name: "postgres" | "mariadb"): Promise<Home> {
  const { url } = await engine(name);
  const db = openers[name](url);
  const schema = `flagon test "${randomUUID().slice(0, 8)}" \`x\``;
  const letters = name === "mariadb" ? sql`character set utf8mb4 collate utf8mb4_general_ci` : sql``;
  await sql`create schema ${sql.id(schema)} ${letters}`.execute(db);
  return {
    db,
    url,
    schema,
    async stop() {
      await sql`drop schema ${sql.id(schema)} ${sql.raw(name === "postgres" ? "cascade" : "")}`.execute(db);
      await db.destroy();
    },
  };
}

async function openFile(): Promise<Home> {
  const folder = mkdtempSync(join(tmpdir(), "flagon-sql-"));
  const url = join(folder, "sessions.db");
  const db = openers.sqlite(url);
  return {
    db,
    url,
    async stop() {
      await db.destroy();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Creates a table that nobody else uses. */
export async function newTable({ db, schema }: Home, kind: SqlTable = {}): Promise<SqlTable> {
  const table = { ...kind, table: `sessions ${randomUUID()}`, ...(schema !== undefined && { schema }) };
  await createTable(db, table);
  return table;
}
