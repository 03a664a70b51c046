/**
 * Keeps entries in a table of PostgreSQL, MySQL, MariaDB or SQLite: a row holds the key, the value and the deadline.
 *
 * The columns are those of Flask-Session, so a table that Python made is used as it is.
 */
import { setTimeout as pause } from "node:timers/promises";
import type { CompiledQuery, QueryResult } from "kysely";
import { type Clock, systemClock } from "../clock.ts";
import type { Change, Entry, Listable, Store, Sweepable, Updated } from "../store.ts";
import { checkClock } from "./internal/options.ts";
import { type SqlDatabase, type SqlDialect, dialectOf, SLICE } from "./internal/sql-dialect.ts";
import { isDuplicate, untilDone } from "./internal/sql-failures.ts";
import { type ListedRow, type Row, type Statements, statementsFor, type Written } from "./internal/sql-statements.ts";
import { checkTable, type SqlTable } from "./internal/sql-table.ts";
import { instantOf, LAST, textOf } from "./internal/sql-time.ts";

export type { SqlDatabase, SqlDialect } from "./internal/sql-dialect.ts";
export { createTable, type SqlTable, tableSql } from "./internal/sql-table.ts";

/** Which table `sqlStore` works on, and whose time it counts by. */
export interface SqlStoreOptions extends SqlTable {
  /** Tells what has expired. Default: the database's own clock, one for all processes. */
  clock?: Clock;
}

/** How often a row is inserted where others come and go. */
const TRIES = 3;

/** How many times longer than its work a sweep of SQLite rests. */
const REST = 4;

/**
 * Keeps entries in a database, each verb by one statement, which is a transaction of its own.
 *
 * Throws `CONFIG` when the database is no `Kysely`, is a transaction, or is of none of the three dialects.
 */
export function sqlStore(db: SqlDatabase, options: SqlStoreOptions = {}): Store & Listable & Sweepable {
  const dialect = dialectOf(db);
  checkTable(options, dialect);
  if (options.clock !== undefined) checkClock(options.clock);
  return new SqlStore(db.withoutPlugins(), dialect, options);
}

const TAKEN =
  "a row has the same key but for letter case or blanks, which the collation of session_id does not tell apart";

class SqlStore implements Store, Listable, Sweepable {
  readonly #db: SqlDatabase;
  readonly #dialect: SqlDialect;
  readonly #options: SqlStoreOptions;
  /** Made when they are first needed: kysely is an optional peer, but whoever gives a `Kysely` has it. */
  #statements: Statements | undefined;

  constructor(db: SqlDatabase, dialect: SqlDialect, options: SqlStoreOptions) {
    this.#db = db;
    this.#dialect = dialect;
    this.#options = options;
  }

  async create(key: string, { value, expiresAt }: Entry): Promise<boolean> {
    const row = { key, value: Buffer.from(value), expiry: textOf(expiresAt) };
    return this.#dialect === "mysql" ? this.#insert(row) : this.#changes(({ insertOrReplace }) => insertOrReplace(row));
  }

  async read(key: string): Promise<Entry | undefined> {
    const { rows } = await this.#run(({ select }) => select({ key }));
    return rows[0] && entryOf(rows[0]);
  }

  async update(key: string, change: Change): Promise<Updated> {
    const kept = copyOf(change);
    if (await this.#change(key, kept)) return { done: true };
    if (!("before" in kept) && this.#dialect !== "mysql") return { done: false, current: undefined };
    const current = await this.read(key);
    return current && this.#dialect === "mysql" && isAsWanted(current, kept)
      ? { done: true }
      : { done: false, current };
  }

  async delete(key: string): Promise<boolean> {
    return this.#changes(({ remove }) => remove({ key }));
  }

  async *list(): AsyncGenerator<[key: string, entry: Entry]> {
    for (let last: ListedRow | undefined; ;) {
      const from = last;
      const { rows } = await this.#run((to) => (from ? to.selectNext(from) : to.selectFirst({})));
      for (const row of rows) {
        const entry = entryOf(row);
        if (entry) yield [row.key, entry];
      }
      if (rows.length < SLICE[this.#dialect]) return;
      last = rows.at(-1);
    }
  }

  async deleteExpired(): Promise<number> {
    let gone = 0;
    for (let first: string | undefined; ;) {
      const began = performance.now();
      // By a statement of its own: where no index helps, MySQL locks every row that a DELETE looks at.
      const { rows } = await this.#run(({ selectExpired }) => selectExpired({}));
      const keys = rows.map(({ key }) => key);
      // Rows that cannot be removed by the keys that were read would be met for ever.
      if (keys.length === 0 || keys[0] === first) return gone;
      const { numAffectedRows = 0n } = await this.#run(({ removeExpired }) => removeExpired(keys));
      gone += Number(numAffectedRows);
      if (keys.length < SLICE[this.#dialect]) return gone;
      first = keys[0];
      // A driver of SQLite works within the turn: nobody else is served meanwhile.
      if (this.#dialect === "sqlite") await pause(REST * (performance.now() - began));
    }
  }

  /**
   * MySQL tells a row that was added from one that was left as it is by nothing but the error: how many rows it says
   * were changed depends on a flag of the connection.
   */
  async #insert(row: Written): Promise<boolean> {
    for (let tries = 0; tries < TRIES; tries++) {
      try {
        return await this.#changes(({ insert }) => insert(row));
      } catch (error) {
        if (!isDuplicate(error)) throw error;
      }
      if (await this.#changes(({ replace }) => replace(row))) return true;
      if (await this.read(row.key)) return false;
      // What was in the way has gone meanwhile, or it is a key in other letters.
    }
    // The engine's own words would tell the key, which may be a session's id.
    throw new Error(TAKEN);
  }

  #change(key: string, change: Change): Promise<boolean> {
    const row = { key, ...change, expiry: textOf(change.expiresAt) };
    return change.expiresAt > (this.#options.clock ?? systemClock).now()
      ? this.#changes(({ swap, prolong }) => ("before" in row ? swap(row) : prolong(row)))
      : this.#changes(({ removeSame, remove }) => ("before" in row ? removeSame(row) : remove(row)));
  }

  /** Whether a statement changed a row. */
  async #changes(statement: (statements: Statements) => CompiledQuery): Promise<boolean> {
    const { numAffectedRows = 0n } = await this.#run(statement);
    return numAffectedRows > 0n;
  }

  async #run<Result>(statement: (statements: Statements) => CompiledQuery<Result>): Promise<QueryResult<Result>> {
    const statements = (this.#statements ??= await this.#prepare());
    const query = statement(statements);
    return untilDone({
      alone: () => this.#db.executeQuery(query),
      readingCommitted: () => {
        const transaction = this.#db.transaction().setIsolationLevel("read committed");
        return transaction.execute((begun) => begun.executeQuery(query));
      },
    });
  }

  async #prepare(): Promise<Statements> {
    const { sql } = await import("kysely");
    return statementsFor(sql, this.#db, this.#options, this.#options.clock);
  }
}

/** A change whose bytes stay what they are until the client sends them. */
function copyOf(change: Change): Change {
  if (!("before" in change)) return change;
  const { before, value, expiresAt } = change;
  return { before: Buffer.from(before), value: Buffer.from(value), expiresAt };
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
  const expiresAt = deadline === null ? LAST : instantOf(deadline);
  const value = bytesOf(data);
  return value === undefined || Number.isNaN(expiresAt) ? undefined : { value, expiresAt };
}

function bytesOf(data: unknown): Uint8Array | undefined {
  if (data === null) return undefined;
  if (data instanceof Uint8Array) return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw new TypeError(`the column data holds a ${typeof data}; sqlStore needs a column of bytes`);
}
