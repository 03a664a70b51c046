/** The statements of `sqlStore`, each of them a transaction of its own. */
import type { RawBuilder, Sql } from "kysely";
import type { Clock } from "../../clock.ts";
import type { Change } from "../../store.ts";
import { type SqlDialect, wordsOf } from "./sql-dialect.ts";
import { quoted, type SqlTable, tableOf } from "./sql-table.ts";
import { textOf } from "./sql-time.ts";

type Statement<Result = unknown> = RawBuilder<Result>;

/** A row as it is written. */
export interface Written {
  readonly key: string;
  readonly data: Buffer;
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

/** A row that a list tells. */
export interface ListedRow extends Row {
  readonly key: string;
}

export interface Statements {
  /** Adds a row, where it meets none of its key. */
  insert(row: Written): Statement;
  /** Adds a row, or puts it in the place of one that has expired. */
  insertOrReplace(row: Written): Statement;
  /** Puts a row in the place of one that has expired. */
  replace(row: Written): Statement;
  /** A live row. */
  select(key: string): Statement<Row>;
  /** Changes a live row, if it still is what the change says. */
  change(key: string, change: Change): Statement;
  /** Removes a live row, if it still is what is said. */
  remove(key: string, before?: Uint8Array): Statement;
  /** So many live rows in the order of their keys, from behind one of them on. */
  selectPage(last: string | undefined, count: number): Statement<ListedRow>;
  /** The keys of so many rows that have expired. */
  selectExpired(count: number): Statement<{ key: string }>;
  /** Removes those of the rows that have expired. */
  removeExpired(keys: readonly string[]): Statement;
}

/** Makes the statements for a table. Without a clock the engine's own decides what is live. */
export function statementsFor(sql: Sql, dialect: SqlDialect, options: SqlTable, clock?: Clock): Statements {
  const { now, instant, told, isOf, insertInto, update } = wordsOf(sql, dialect, options.flask === "postgresql");
  const table = tableOf(sql, options);
  const key = sql.id("key");
  const present = () => (clock === undefined ? now : instant(textOf(clock.now())));
  const isLive = () => sql`expiry > ${present()}`;
  const isExpired = () => sql`(expiry <= ${present()} or expiry is null)`;
  const isStill = (before?: Uint8Array) => (before === undefined ? sql`` : sql` and data = ${before}`);
  const [column, number] = numbering(sql, dialect, options);
  const insert = (row: Written, into: RawBuilder<unknown>) => sql`
    ${insertInto} ${into} (${column}session_id, data, expiry)
    values (${number}${row.key}, ${row.data}, ${instant(row.expiry)})`;
  return {
    insert: (row) => insert(row, table),
    insertOrReplace: (row) => sql`
      ${insert(row, sql`${table} as held`)}
      on conflict (session_id) do update set data = excluded.data, expiry = excluded.expiry
      where held.expiry <= ${present()} or held.expiry is null`,
    replace: (row) => sql`
      ${update} ${table} set data = ${row.data}, expiry = ${instant(row.expiry)}
      where ${isOf(row.key)} and ${isExpired()}`,
    select: (of) => sql`select data, ${told} as deadline from ${table} where ${isOf(of)} and ${isLive()}`,
    change(of, change) {
      const [value, before] = "before" in change ? [sql`data = ${change.value}, `, change.before] : [sql``];
      return sql`
        ${update} ${table} set ${value}expiry = ${instant(textOf(change.expiresAt))}
        where ${isOf(of)} and ${isLive()}${isStill(before)}`;
    },
    remove: (of, before) => sql`delete from ${table} where ${isOf(of)} and ${isLive()}${isStill(before)}`,
    selectPage: (last, count) => sql`
      select session_id as ${key}, data, ${told} as deadline from ${table}
      where ${last === undefined ? sql`session_id is not null` : sql`session_id > ${last}`} and ${isLive()}
      order by session_id limit ${sql.lit(count)}`,
    selectExpired: (count) => sql`
      select session_id as ${key} from ${table}
      where ${isExpired()} and session_id is not null limit ${sql.lit(count)}`,
    removeExpired: (keys) => sql`delete from ${table} where session_id in (${sql.join(keys)}) and ${isExpired()}`,
  };
}

/** The column and the value by which a sequence numbers a row, as SQLAlchemy does where it was told a name. */
function numbering(sql: Sql, dialect: SqlDialect, { sequence }: SqlTable): [Statement, Statement] {
  if (dialect !== "postgres" || sequence === undefined) return [sql``, sql``];
  return [sql`id, `, sql`nextval(${quoted(sequence, dialect)}), `];
}
