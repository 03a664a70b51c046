/** What the tests of `sqlStore` have in common. */
import { sql } from "kysely";
import { expect, vi } from "vitest";
import { createTable, type SqlDatabase, type SqlTable, sqlStore } from "../../src/stores/sql.ts";
import { bytes } from "../../src/testing/internal/stage.ts";
import { untilTheEnd } from "../engines.ts";
import { type Engine, openers } from "./sql-databases.ts";
import type { Home } from "./sql-home.ts";
import { entry } from "./entries.ts";

/** Fails unless the store rejects while its server is killed; whether it works when that is back. */
export async function comesBack(
  db: SqlDatabase,
  server: { pid: number; port: number; stop(): Promise<void> },
  start: (port: number) => Promise<{ stop(): unknown }>,
): Promise<boolean> {
  const store = sqlStore(db);
  await store.create("key", entry("a"));
  process.kill(server.pid, "SIGKILL");
  await server.stop();
  const change = { ...entry("b"), before: bytes("a") };
  const verbs = [store.create("key", entry("a")), store.read("key"), store.update("key", change), store.delete("key")];
  for (const { status } of await Promise.allSettled(verbs)) expect(status).toBe("rejected");
  await untilTheEnd(start(server.port));
  await vi.waitFor(() => createTable(db), { timeout: 10_000 });
  return store.create("key", entry("a"));
}

/** Closes a database after the file's tests. */
export async function lent(db: SqlDatabase): Promise<SqlDatabase> {
  await untilTheEnd(Promise.resolve({ stop: () => db.destroy() }));
  return db;
}

export function within({ schema }: Home): SqlTable {
  return schema === undefined ? {} : { schema };
}

/** The same database, whose statements are told to a list. */
export async function logging(name: Engine, { url }: Home, asked: string[]): Promise<SqlDatabase> {
  return lent(openers[name](url, ({ query }) => asked.push(query.sql)));
}

export interface Columns {
  session_id: string | null;
  data: Buffer | string | null;
  expiry: string | null;
}

export async function insert(db: SqlDatabase, table: SqlTable, { session_id, data, expiry }: Columns): Promise<void> {
  await sql`insert into ${placeOf(table)} (session_id, data, expiry) values (${session_id}, ${data}, ${expiry})`.execute(
    db,
  );
}

export async function count(db: SqlDatabase, table: SqlTable): Promise<number> {
  const { rows } = await sql<{ n: unknown }>`select count(*) as n from ${placeOf(table)}`.execute(db);
  return Number(rows[0]?.n);
}

function placeOf({ table = "sessions", schema }: SqlTable) {
  return schema === undefined ? sql.id(table) : sql.id(schema, table);
}

export async function keysOf(store: ReturnType<typeof sqlStore>): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key] of store.list()) keys.push(key);
  return keys.toSorted();
}
