import { Kysely, SqliteDialect, sql } from "kysely";
import Libsql from "libsql";
import { dataOf } from "../../src/core/session.ts";
import { flaskSession } from "../../src/flask/flask.ts";
import { createTable, type SqlDialect, tableSql } from "../../src/stores/sql.ts";
import { type Verdict, all, compared } from "./differences.ts";
import { entries } from "./entries.ts";
import { withEvents } from "./events.ts";
import { dataFromNotation, told } from "./notation.ts";
import type { Case, Entry, Suite, Tools } from "./suite.ts";

interface SqlEntry extends Entry {
  row?: { id: number; session_id: string; data_b64: string; expiry: string };
  sqlite_types?: string[];
}

/** A row placed by hand, and what a request at an instant finds of it. */
interface Edge extends Case {
  /** Epoch seconds. */
  clock: number;
  data_b64: string | null;
  expiry: string | null;
  result: "found" | "new-session" | "exception";
  session: unknown;
}

/** Flask-Session's rows in SQLite. */
export const sqlalchemyEntries: Suite = {
  groups: {
    ...entries<SqlEntry>(async ({ sid = "unencodable", row, sqlite_types = [] }, tools) => {
      const db = await emptyDatabase(tools);
      return {
        config: { ...configOf(db), ...(row && { SESSION_KEY_PREFIX: row.session_id.slice(0, -sid.length) }) },
        put: async () => row && put(db, row.session_id, row.data_b64, row.expiry, row.id),
        stored: () => stored(db),
        written: row && [row.id, row.session_id, row.data_b64, row.expiry, ...sqlite_types],
      };
    }),
    statements: () => ({ notApplicable: "compare and swap" }),
    edges: async (example, tools) => edge(example as Edge, await emptyDatabase(tools)),
  },
};

/** A damaged row is no session; what Flask fails on while decoding is one event as well. Rows stay where they are. */
async function edge(example: Edge, db: Kysely<unknown>): Promise<Verdict> {
  const { clock, data_b64, expiry, result, session } = example;
  const sessions = flaskSession(configOf(db), { clock: { now: () => Math.round(clock * 1e6) / 1000 } });
  await sessions.open({ cookie: "session=nobody", secure: false });
  await put(db, "session:edge", data_b64, expiry);
  const before = await stored(db);
  const [opened, events] = await withEvents(() => sessions.open({ cookie: "session=edge", secure: false }));
  const found = { isNew: opened.isNew, data: told(dataOf(opened)) };
  const left = compared("left where it was", await stored(db), before);
  const unreadable = events.filter(({ type }) => type === "unreadable").length;
  const isPickle = Buffer.from(data_b64 ?? "", "base64")
    .subarray(0, 2)
    .equals(Buffer.from([0x80, 0x04]));
  if (result === "found" && !isPickle) {
    return all(left, compared("found", found, { isNew: false, data: told(dataFromNotation(session)) }));
  }
  const isEvent = isPickle || (result === "exception" && "exception" in example && example.exception === null);
  return all(
    left,
    compared("found", found, { isNew: true, data: told(new Map([["_permanent", true]])) }),
    compared("events", unreadable, isEvent ? 1 : 0),
  );
}

interface Ddl extends Case {
  options: { table_name?: string; schema?: string; sequence?: string };
  create_table: Readonly<Record<string, string>>;
  create_sequence_postgresql: string | null;
}

/** SQLAlchemy's names for the dialects. */
const DIALECTS: [theirs: string, ours: SqlDialect][] = [
  ["sqlite", "sqlite"],
  ["postgresql", "postgres"],
  ["mysql", "mysql"],
];

/** The statements that create Flask-Session's table. */
export const sqlalchemyDdl: Suite = {
  groups: { ddl: (example) => ddl(example as Ddl) },
};

function ddl({ options: { table_name, schema, sequence }, create_table, create_sequence_postgresql }: Ddl): Verdict {
  const known = DIALECTS.filter(([theirs]) => create_table[theirs] !== undefined);
  if (known.length === 0) return { notApplicable: "other databases" };
  const names = {
    ...(table_name !== undefined && { table: table_name }),
    ...(schema !== undefined && { schema }),
    ...(sequence !== undefined && { sequence }),
  };
  const verdicts = known.map(([theirs, ours]) => {
    const before = ours === "postgres" && create_sequence_postgresql !== null ? [create_sequence_postgresql] : [];
    const expected = [...before, create_table[theirs]];
    return compared(theirs, tableSql(ours, { ...names, flask: "sqlalchemy" }), expected);
  });
  return all(...verdicts);
}

function configOf(db: Kysely<unknown>) {
  return { SESSION_TYPE: "sqlalchemy", SESSION_SQLALCHEMY: db };
}

async function put(
  db: Kysely<unknown>,
  key: string,
  data: string | null,
  expiry: string | null,
  id: number | null = null,
): Promise<void> {
  const bytes = data === null ? null : Buffer.from(data, "base64");
  await sql`delete from sessions`.execute(db);
  await sql`insert into sessions (id, session_id, data, expiry) values (${id}, ${key}, ${bytes}, ${expiry})`.execute(
    db,
  );
}

/** The columns of the only row and their types in SQLite; nothing where there is none. */
async function stored(db: Kysely<unknown>): Promise<unknown> {
  const { rows } = await sql<{ data: ArrayBuffer | null } & Record<string, unknown>>`
    select id, session_id, data, expiry, typeof(id) i, typeof(session_id) s, typeof(data) d, typeof(expiry) e
    from sessions`.execute(db);
  const [row, ...more] = rows;
  if (!row) return undefined;
  const { id, session_id, data, expiry, i, s, d, e } = row;
  return [id, session_id, data && Buffer.from(data).toString("base64"), expiry, i, s, d, e, ...more];
}

/** A database in which the table is empty, and its next row the first. */
async function emptyDatabase(tools: Tools): Promise<Kysely<unknown>> {
  const { db } = await tools.once("sqlite", async () => {
    const database = new Libsql(":memory:");
    const opened = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) });
    return { db: opened, close: () => opened.destroy() };
  });
  await sql`drop table if exists sessions`.execute(db);
  await createTable(db, { flask: "sqlalchemy" });
  return db;
}
