/** What a store's verbs make of the live entry that stands there: one answer for every store that can hold still. */
import type { Change, Entry, Updated } from "../../store.ts";

/** The answer of a verb, and the entry to put there. Without `next` all stays as it is. */
export interface Decision<T> {
  result: T;
  next?: Entry;
}

/** An entry that is none, because its deadline has always passed. */
const NOTHING: Entry = { value: new Uint8Array(), expiresAt: 0 };

/** `create`: only where nothing stands. */
export function decideCreate(current: Entry | undefined, entry: Entry): Decision<boolean> {
  return current ? { result: false } : { result: true, next: entry };
}

/** `update`: only where something stands, and with `before` only where that does. */
export function decideUpdate(current: Entry | undefined, change: Change): Decision<Updated> {
  if (!current) return { result: { done: false, current } };
  if (!("before" in change)) return { result: { done: true }, next: { ...current, expiresAt: change.expiresAt } };
  if (Buffer.compare(current.value, change.before) !== 0) return { result: { done: false, current } };
  return { result: { done: true }, next: { value: change.value, expiresAt: change.expiresAt } };
}

/** `delete`: only where something stands. */
export function decideDelete(current: Entry | undefined): Decision<boolean> {
  return current ? { result: true, next: NOTHING } : { result: false };
}
