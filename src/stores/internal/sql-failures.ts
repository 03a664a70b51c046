import { setTimeout as pause } from "node:timers/promises";

/** What the clients tell of an error: SQLSTATE is `code` in pg and `sqlState` in mysql2, `errno` is MySQL's number. */
interface Told {
  readonly code?: unknown;
  readonly sqlState?: unknown;
  readonly errno?: unknown;
}

/** PostgreSQL's serialization failure, and MySQL's SQLSTATE for a deadlock. */
const UNSERIALIZABLE = "40001";

/** PostgreSQL's. */
const DEADLOCK = "40P01";

/** MariaDB's "record has changed since last read", of its snapshot isolation. */
const CHANGED = 1020;

const DUPLICATE = 1062;

/** How often a statement runs before its failure counts. */
const TRIES = 10;

/** How a statement is run: as a transaction of its own, or within one that reads what others have committed. */
export interface Runs<Result> {
  alone(): Promise<Result>;
  readingCommitted(): Promise<Result>;
}

/**
 * Runs a statement, and again where the engine says that it did nothing and should be.
 *
 * Where PostgreSQL serializes transactions, it gives up one for what others have read and written near its row: a long
 * write could lose to short ones again and again. What reads committed rows is not weighed against them, and one
 * statement that finds its row by key and bytes needs no more.
 *
 * Rejects with the client's own error.
 */
export async function untilDone<Result>(runs: Runs<Result>): Promise<Result> {
  let run = runs.alone;
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      const told = error as Told;
      if (tries === TRIES || !isAborted(told)) throw withoutValues(error);
      if (told.code === UNSERIALIZABLE) run = runs.readingCommitted;
    }
    await pause(Math.random() * 2 * tries);
  }
}

/** What would tell ids and data to a log: the whole statement in mysql2's errors, a row in PostgreSQL's. */
const TELLTALES = ["sql", "detail"];

function withoutValues(error: unknown): unknown {
  if (typeof error !== "object" || error === null) return error;
  for (const name of TELLTALES) Reflect.deleteProperty(error, name);
  return error;
}

function isAborted({ code, sqlState, errno }: Told): boolean {
  return code === UNSERIALIZABLE || code === DEADLOCK || sqlState === UNSERIALIZABLE || errno === CHANGED;
}

/** Whether MySQL refused a row because its key is there already. */
export function isDuplicate(error: unknown): boolean {
  return (error as Told).errno === DUPLICATE;
}
