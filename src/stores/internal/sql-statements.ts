/** The statements of `sqlStore`, each of them a transaction of its own. */
import type { CompiledQuery, RawBuilder, Sql } from "kysely";
import type { Clock } from "../../clock.ts";
import { dialectOf, SLICE, type SqlDatabase, type SqlDialect, wordsOf } from "./sql-dialect.ts";
import { quoted, type SqlTable, tableOf } from "./sql-table.ts";
import { textOf } from "./sql-time.ts";

/** A statement with values in the places of their names. */
type Statement<Values, Result = unknown> = (values: Values) => CompiledQuery<Result>;

/** A row as it is written. */
export interface Written {
  readonly key: string;
  readonly value: Uint8Array;
  /** The deadline as a text. */
  readonly expiry: string;
}

/** A row as it is read. */
export interface Row {
  /** Bytes, in whatever shape the client has for them. */
  readonly data: unknown;
  /** The deadline as a text; `null` where it has none, which PostgreSQL calls infinite. */
  readonly deadline: string | null;
}

/** Which row. */
export interface Sought {
  readonly key: string;
}

/** A row that is to be changed, if it still holds the same. */
export interface Swapped extends Written {
  readonly before: Uint8Array;
}

/** A row that a list tells. */
export interface ListedRow extends Row {
  readonly key: string;
}

export interface Statements {
  /** Adds a row, where it meets none of its key. */
  readonly insert: Statement<Written>;
  /** Adds a row, or puts it in the place of one that has expired. */
  readonly insertOrReplace: Statement<Written>;
  /** Puts a row in the place of one that has expired. */
  readonly replace: Statement<Written>;
  /** A live row. */
  readonly select: Statement<Sought, Row>;
  /** Changes a live row, if it still is what is said. */
  readonly swap: Statement<Swapped>;
  /** Changes the deadline of a live row. */
  readonly prolong: Statement<Omit<Written, "value">>;
  /** Removes a live row. */
  readonly remove: Statement<Sought>;
  /** Removes a live row, if it still is what is said. */
  readonly removeSame: Statement<Omit<Swapped, "value" | "expiry">>;
  /** The first live rows in the order of their keys, and those that come behind a key. */
  readonly selectFirst: Statement<object, ListedRow>;
  readonly selectNext: Statement<Sought, ListedRow>;
  /** The keys of some rows that have expired. */
  readonly selectExpired: Statement<object, Sought>;
  /** Removes those of the rows that have expired. */
  readonly removeExpired: (keys: readonly string[]) => CompiledQuery;
}

/**
 * Makes the statements for a table. Without a clock the engine's own decides what is live.
 *
 * They are written with the name of each value in its place, and compiled once: a call only puts its values there.
 */
export function statementsFor(sql: Sql, db: SqlDatabase, options: SqlTable, clock?: Clock): Statements {
  const dialect = dialectOf(db);
  const { now, instant, told, isOf, insertInto, update } = wordsOf(sql, dialect, options.flask === "postgresql");
  const table = tableOf(sql, options);
  const present = clock === undefined ? now : instant("now");
  const [isPast, isEndless] = [sql`expiry <= ${present}`, sql`expiry is null`];
  const isExpired = sql`(${isPast} or ${isEndless})`;
  const isLive = sql`expiry > ${present}`;
  const isSought = sql`${isOf("key")} and ${isLive}`;
  const isSame = sql`${isSought} and data = ${"before"}`;
  const [column, number] = numbering(sql, dialect, options);
  const insert = (into: RawBuilder<unknown>) => sql`
    ${insertInto} ${into} (${column}session_id, data, expiry)
    values (${number}${"key"}, ${"value"}, ${instant("expiry")})`;
  const page = (isBehind: RawBuilder<unknown>) => sql<ListedRow>`
    select session_id as ${sql.id("key")}, data, ${told} as deadline from ${table}
    where ${isBehind} and ${isLive} order by session_id limit ${sql.lit(SLICE[dialect])}`;
  const keys = (isSo: RawBuilder<unknown>) => sql`
    select session_id as ${sql.id("key")} from ${table} where ${isSo} and session_id is not null`;

  function prepare<Values extends object, Result>(statement: RawBuilder<Result>): Statement<Values, Result> {
    const compiled = statement.compile(db);
    return (values) => {
      const valueOf = (name: unknown) => (name === "now" && clock ? textOf(clock.now()) : values[name as keyof Values]);
      return { ...compiled, parameters: compiled.parameters.map(valueOf) };
    };
  }

  return {
    insert: prepare(insert(table)),
    insertOrReplace: prepare(sql`
      ${insert(sql`${table} as held`)}
      on conflict (session_id) do update set data = excluded.data, expiry = excluded.expiry
      where held.expiry <= ${present} or held.expiry is null`),
    replace: prepare(sql`
      ${update} ${table} set data = ${"value"}, expiry = ${instant("expiry")}
      where ${isOf("key")} and ${isExpired}`),
    select: prepare(sql<Row>`select data, ${told} as deadline from ${table} where ${isSought}`),
    swap: prepare(sql`
      ${update} ${table} set data = ${"value"}, expiry = ${instant("expiry")} where ${isSame}`),
    prolong: prepare(sql`${update} ${table} set expiry = ${instant("expiry")} where ${isSought}`),
    remove: prepare(sql`delete from ${table} where ${isSought}`),
    removeSame: prepare(sql`delete from ${table} where ${isSame}`),
    selectFirst: prepare(page(sql`session_id is not null`)),
    selectNext: prepare(page(sql`session_id > ${"key"}`)),
    // SQLite uses an index for each of these, but none where they are one condition.
    selectExpired: prepare(sql<Sought>`
      ${dialect === "sqlite" ? sql`${keys(isPast)} union all ${keys(isEndless)}` : keys(isExpired)}
      limit ${sql.lit(SLICE[dialect])}`),
    removeExpired(gone) {
      const places = sql.join(Object.keys(gone));
      return prepare(sql`delete from ${table} where session_id in (${places}) and ${isExpired}`)(gone);
    },
  };
}

/** The column and the value by which a sequence numbers a row, as SQLAlchemy does where it was told a name. */
function numbering(sql: Sql, dialect: SqlDialect, { sequence }: SqlTable): [RawBuilder<unknown>, RawBuilder<unknown>] {
  if (dialect !== "postgres" || sequence === undefined) return [sql``, sql``];
  return [sql`id, `, sql`nextval(${sql.lit(quoted(sequence, dialect))}), `];
}
