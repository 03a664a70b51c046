import { setTimeout as pause } from "node:timers/promises";

/** What the clients tell of an error: SQLSTATE is `code` in pg and `sqlState` in mysql2, `errno` is MySQL's number. */
interface Told {
  readonly code?: unknown;
  readonly sqlState?: unknown;
  readonly errno?: unknown;
}

/** A serialization failure and a deadlock of PostgreSQL; the first is MySQL's SQLSTATE for a deadlock as well. */
const ABORTED = new Set<unknown>(["40001", "40P01"]);

/** MariaDB's "record has changed since last read", of its snapshot isolation. */
const CHANGED = 1020;

const DUPLICATE = 1062;

/** How often a statement runs before its failure counts. */
const TRIES = 10;

/**
 * Runs a statement of its own transaction, and again where the engine says that it did nothing and should be.
 *
 * Rejects with the client's own error.
 */
export async function untilDone<Result>(statement: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await statement();
    } catch (error) {
      if (tries === TRIES || !isAborted(error as Told)) throw withoutValues(error);
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
  return ABORTED.has(code) || ABORTED.has(sqlState) || errno === CHANGED;
}

/** Whether MySQL refused a row because its key is there already. */
export function isDuplicate(error: unknown): boolean {
  return (error as Told).errno === DUPLICATE;
}
