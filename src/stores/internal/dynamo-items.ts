/** Entries as items of DynamoDB: `{ id, val, expiration }`, as Flask-Session has them. */
import type { AttributeValue } from "@aws-sdk/client-dynamodb";
import type { Entry } from "../../store.ts";
import { NEVER } from "./never.ts";

/** An item, or some of its attributes. */
export type Item = Record<string, AttributeValue>;

/** So many digits fit into a number of DynamoDB. */
const DIGITS = 38;

/** The live entry in an item; `undefined` for no item, and for one whose deadline has passed. */
export function entryOf(item: Item | undefined, now: number): Entry | undefined {
  if (!isLive(item, now)) return undefined;
  const value = item["val"]?.B;
  if (value === undefined) throw new Error("an item has no bytes under val: what wrote it keeps no sessions there");
  return { value, expiresAt: deadlineOf(item) };
}

/** Whether there is an item, and its deadline is still to come. */
export function isLive(item: Item | undefined, now: number): item is Item {
  return item !== undefined && deadlineOf(item) > now;
}

function deadlineOf({ expiration }: Item): number {
  if (expiration?.N === undefined) return NEVER;
  return Math.min(Math.round(Number(expiration.N) * 1_000_000) / 1000, NEVER);
}

/**
 * An instant in seconds as Python's `Decimal` of a float has them, with every digit of the binary fraction:
 * `1714982889.37345600128173828125`. Both know microseconds, and nothing below.
 */
export function secondsOf(instant: number): string {
  const seconds = Math.round(Math.min(instant, NEVER) * 1000) / 1_000_000;
  return seconds.toPrecision(DIGITS).replace(/\.?0+$/, "");
}

/** An instant in whole seconds: the next ones, if need be. */
export function wholeSecondsOf(instant: number): string {
  return String(Math.ceil(Math.min(instant, NEVER) / 1000));
}
