/**
 * Keeps entries in a table of PostgreSQL, MySQL, MariaDB or SQLite: a row holds the key, the value and the deadline.
 *
 * The columns are those of Flask-Session, so a table that Python made is used as it is.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { QueryResult, RawBuilder, Sql } from "kysely";
import { type Clock, systemClock } from "../clock.ts";
import type { Change, Entry, Listable, Store, Sweepable, Updated } from "../store.ts";
import { checkClock } from "./internal/options.ts";
import { type Database, type DialectName, dialectOf, type Words, wordsOf } from "./internal/sql-dialect.ts";
import { isDuplicate, untilDone } from "./internal/sql-failures.ts";
import { checkTable, quoted, type SqlTable, tableSql } from "./internal/sql-table.ts";
import { instantOf, LAST, textOf } from "./internal/sql-time.ts";

export type { Database, DialectName } from "./internal/sql-dialect.ts";
export { type SqlTable, tableSql } from "./internal/sql-table.ts";

/** Which table `sqlStore` works on, and whose time it counts by. */
export interface SqlStoreOptions extends SqlTable {
  /** Tells what has expired. Default: the database's own clock, one for all processes. */
  clock?: Clock;
}

/** How many rows a statement of `list` reads, and one of `deleteExpired` removes. */
const SLICE = 250;

/**
 * Keeps entries in a database, each verb by one statement, which is a transaction of its own.
 *
 * Throws `CONFIG` when the database is no `Kysely`, is a transaction, or is of none of the three dialects.
 */
export function sqlStore(db: Database, options: SqlStoreOptions = {}): Store & Listable & Sweepable {
  const dialect = dialectOf(db);
  checkTable(options, dialect);
  if (options.clock !== undefined) checkClock(options.clock);
  return new SqlStore(db.withoutPlugins(), dialect, options);
}

/** Creates the table unless it is there. Safe with several processes; rejects with the engine's error when it is refused. */
export async function createTable(db: Database, options: SqlTable = {}): Promise<void> {
  const statements = tableSql(dialectOf(db), options);
  const bare = db.withoutPlugins();
  const { sql } = await import("kysely");
  const probe = () => sql`select session_id, data, expiry from ${nameOf(sql, options)} where 1 = 0`.execute(bare);
  if (
    await probe().then(
      () => true,
      () => false,
    )
  )
    return;
  const failures: unknown[] = [];
  for (const statement of statements)
    await sql
      .raw(statement)
      .execute(bare)
      .catch((error) => failures.push(error));
  // Another process may have been quicker.
  if (failures.length > 0) await probe().catch(() => Promise.reject(failures[0]));
}

function nameOf(sql: Sql, { table, schema, flask }: SqlTable): RawBuilder<unknown> {
  const name = table ?? (flask === "postgresql" ? "flask_sessions" : "sessions");
  const within = schema ?? (flask === "postgresql" ? "public" : undefined);
  return within === undefined ? sql.id(name) : sql.id(within, name);
}

/** What statements are made of. */
interface Phrases extends Words {
  readonly sql: Sql;
  readonly table: RawBuilder<unknown>;
  /** What makes a row live, and what makes it expired. */
  readonly isLive: RawBuilder<unknown>;
  readonly isExpired: RawBuilder<unknown>;
}

interface Row {
  readonly data: unknown;
  readonly deadline: string | null;
}

/** A row as it is written; its deadline is a text. */
interface Written {
  readonly key: string;
  readonly data: Buffer;
  readonly expiry: string;
}

/** How often a row is inserted where others come and go. */
const TRIES = 3;

class SqlStore implements Store, Listable, Sweepable {
  readonly #db: Database;
  readonly #dialect: DialectName;
  readonly #options: SqlStoreOptions;

  constructor(db: Database, dialect: DialectName, options: SqlStoreOptions) {
    this.#db = db;
    this.#dialect = dialect;
    this.#options = options;
  }

  async create(key: string, { value, expiresAt }: Entry): Promise<boolean> {
    const row = { key, data: Buffer.from(value), expiry: textOf(expiresAt) };
    return this.#dialect === "mysql" ? this.#insert(row) : this.#upsert(row);
  }

  async read(key: string): Promise<Entry | undefined> {
    const { rows } = await this.#run<Row>(
      ({ sql, table, told, isOf, isLive }) => sql`
        select data, ${told} as deadline from ${table} where ${isOf(key)} and ${isLive}`,
    );
    return rows[0] && entryOf(rows[0]);
  }

  async update(key: string, change: Change): Promise<Updated> {
    const kept = copyOf(change);
    if (await this.#changes((phrases) => changeOf(phrases, key, kept, this.#now()))) return { done: true };
    if (!("before" in kept) && this.#dialect !== "mysql") return { done: false, current: undefined };
    const current = await this.read(key);
    if (current && this.#dialect === "mysql" && isAsWanted(current, kept)) return { done: true };
    return { done: false, current };
  }

  async delete(key: string): Promise<boolean> {
    return this.#changes(({ sql, table, isOf, isLive }) => sql`delete from ${table} where ${isOf(key)} and ${isLive}`);
  }

  async *list(): AsyncGenerator<[key: string, entry: Entry]> {
    for (let last: string | undefined; ;) {
      const { rows } = await this.#run<Row & { key: string }>(({ sql, table, told, isLive }) => {
        const further = last === undefined ? sql`session_id is not null` : sql`session_id > ${last}`;
        return sql`
          select session_id as ${sql.id("key")}, data, ${told} as deadline from ${table}
          where ${further} and ${isLive} order by session_id limit ${sql.lit(SLICE)}`;
      });
      for (const row of rows) {
        const entry = entryOf(row);
        if (entry) yield [row.key, entry];
      }
      if (rows.length < SLICE) return;
      last = rows.at(-1)?.key;
    }
  }

  async deleteExpired(): Promise<number> {
    let gone = 0;
    for (let first: string | undefined; ;) {
      const keys = await this.#expired();
      // Rows that cannot be removed by the keys that were read would be met for ever.
      if (keys.length === 0 || keys[0] === first) return gone;
      const { numAffectedRows = 0n } = await this.#run(
        ({ sql, table, isExpired }) =>
          sql`delete from ${table} where session_id in (${sql.join(keys)}) and ${isExpired}`,
      );
      gone += Number(numAffectedRows);
      if (keys.length < SLICE) return gone;
      first = keys[0];
      // A driver of SQLite answers within the turn.
      await nextTurn();
    }
  }

  /** Looked for by a statement of its own: where no index helps, MySQL would lock every row that it looks at. */
  async #expired(): Promise<string[]> {
    const { rows } = await this.#run<{ key: string }>(
      ({ sql, table, isExpired }) => sql`
        select session_id as ${sql.id("key")} from ${table}
        where ${isExpired} and session_id is not null limit ${sql.lit(SLICE)}`,
    );
    return rows.map(({ key }) => key);
  }

  async #upsert({ key, data, expiry }: Written): Promise<boolean> {
    return this.#changes(({ sql, table, instant, now }) => {
      const [column, number] = this.#numbering(sql);
      return sql`
        insert into ${table} as held (${column}session_id, data, expiry)
        values (${number}${key}, ${data}, ${instant(expiry)})
        on conflict (session_id) do update set data = excluded.data, expiry = excluded.expiry
        where held.expiry <= ${now} or held.expiry is null`;
    });
  }

  /**
   * MySQL tells a row that was inserted from one that was left as it is by nothing but the error: how many rows it says
   * were changed depends on a flag of the connection.
   */
  async #insert(row: Written): Promise<boolean> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#changes(
          ({ sql, table, insertInto }) => sql`
            ${insertInto} ${table} (session_id, data, expiry) values (${row.key}, ${row.data}, ${row.expiry})`,
        );
      } catch (error) {
        if (tries === TRIES || !isDuplicate(error)) throw error;
      }
      if (await this.#replace(row)) return true;
      if (await this.read(row.key)) return false;
      // What was in the way has gone meanwhile, or it is a key in other letters, for which there is no place.
    }
  }

  /** Puts a row in the place of one that has expired. */
  #replace({ key, data, expiry }: Written): Promise<boolean> {
    return this.#changes(
      ({ sql, table, update, isOf, isExpired }) => sql`
        ${update} ${table} set data = ${data}, expiry = ${expiry} where ${isOf(key)} and ${isExpired}`,
    );
  }

  /** The column and the value by which a sequence numbers a row, as SQLAlchemy does where it was told a name. */
  #numbering(sql: Sql): [column: RawBuilder<unknown>, number: RawBuilder<unknown>] {
    const { sequence } = this.#options;
    if (this.#dialect !== "postgres" || sequence === undefined) return [sql``, sql``];
    return [sql`id, `, sql`nextval(${quoted(sequence, "postgres")}), `];
  }

  /** Whether a statement changed a row. */
  async #changes(statement: (phrases: Phrases) => RawBuilder<unknown>): Promise<boolean> {
    const { numAffectedRows = 0n } = await this.#run(statement);
    return numAffectedRows > 0n;
  }

  async #run<Result>(statement: (phrases: Phrases) => RawBuilder<Result>): Promise<QueryResult<Result>> {
    const phrases = this.#phrases((await import("kysely")).sql);
    return untilDone(() => statement(phrases).execute(this.#db));
  }

  #phrases(sql: Sql): Phrases {
    const { clock, flask } = this.#options;
    const words = wordsOf(sql, this.#dialect, flask === "postgresql");
    const now = clock === undefined ? words.now : words.instant(textOf(clock.now()));
    return {
      ...words,
      now,
      sql,
      table: nameOf(sql, this.#options),
      isLive: sql`expiry > ${now}`,
      isExpired: sql`(expiry <= ${now} or expiry is null)`,
    };
  }

  #now(): number {
    return (this.#options.clock ?? systemClock).now();
  }
}

/** A change whose bytes stay what they are until the client sends them. */
function copyOf(change: Change): Change {
  if (!("before" in change)) return change;
  const { before, value, expiresAt } = change;
  return { before: Buffer.from(before), value: Buffer.from(value), expiresAt };
}

/** The statement of a change. A deadline that has passed removes the row. */
function changeOf(
  { sql, table, update, instant, isOf, isLive }: Phrases,
  key: string,
  change: Change,
  now: number,
): RawBuilder<unknown> {
  const [value, before] = "before" in change ? [change.value, change.before] : [];
  const where = sql`where ${isOf(key)} and ${isLive}${before ? sql` and data = ${before}` : sql``}`;
  if (!(change.expiresAt > now)) return sql`delete from ${table} ${where}`;
  const data = value ? sql`data = ${value}, ` : sql``;
  return sql`${update} ${table} set ${data}expiry = ${instant(textOf(change.expiresAt))} ${where}`;
}

/** How far a deadline may be off in a column of whole seconds, in milliseconds. */
const COARSE = 1000;

/**
 * Whether a change would change nothing. A connection of MySQL may have been told to count the rows that change (the flag
 * `-FOUND_ROWS` of mysql2), and not those that are found.
 */
function isAsWanted(current: Entry, change: Change): boolean {
  if (Math.abs(current.expiresAt - Math.min(change.expiresAt, LAST)) >= COARSE) return false;
  if (!("before" in change)) return true;
  return Buffer.compare(current.value, change.before) === 0 && Buffer.compare(change.value, change.before) === 0;
}

/** The entry of a live row; `undefined` where the row holds nothing that Python or we would have written. */
function entryOf({ data, deadline }: Row): Entry | undefined {
  // An infinite timestamp of PostgreSQL has no text.
  const expiresAt = deadline === null ? LAST : instantOf(deadline);
  const value = bytesOf(data);
  return value === undefined || Number.isNaN(expiresAt) ? undefined : { value, expiresAt };
}

/** Bytes in the shape that the client has for them. */
function bytesOf(data: unknown): Uint8Array | undefined {
  if (data === null) return undefined;
  if (data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw new TypeError(`the column data holds a ${typeof data}; sqlStore needs a column of bytes`);
}
