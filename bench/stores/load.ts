/** Keys, values, and many calls at once. */
import { randomBytes } from "node:crypto";

/** How many calls are under way at the same time. */
const IN_FLIGHT = 32;

/** The bytes of a value. */
export const VALUE_BYTES = 256;

const DAY = 24 * 3_600_000;

/** Does `act` so often, from 0 on, 32 at a time. Rejects when one gives `false`. */
export async function many(count: number, act: (n: number) => Promise<boolean>): Promise<void> {
  let next = 0;
  const work = async () => {
    while (next < count) if (!(await act(next++))) throw new Error("a verb did not do what it was to do");
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
}

/** Keys as sessions have them: 64 hex digits each. */
export function newKeys(count: number): string[] {
  return Array.from({ length: count }, () => randomBytes(32).toString("hex"));
}

/** The value of a session: a JSON text with little to compress, of which no two are alike. */
export function newValue(): Buffer {
  const text = `{"user":{"id":4711,"name":"Ada Lovelace","roles":["reader","author"]},"token":"`;
  return Buffer.from(`${text}${randomBytes(VALUE_BYTES).toString("base64url")}`.slice(0, VALUE_BYTES - 2) + '"}');
}

/** A deadline that nobody here reaches. */
export function inADay(now = Date.now()): number {
  return now + DAY;
}
