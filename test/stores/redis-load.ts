/** Sessions that count, under load: what they lose, whose data they see, and when they are served. */
import { setTimeout as pause } from "node:timers/promises";
import { inTime } from "../../src/core/guard.ts";
import type { Durable, Entry, Store } from "../../src/store.ts";
import { newKey, range } from "../../src/testing/internal/stage.ts";

/** What came of the updates of one session, which has one writer. */
export interface Tally {
  readonly key: string;
  readonly owner: string;
  /** Updates that were acknowledged; and of these, how many the store lost. */
  acknowledged: number;
  lost: number;
  /** Updates that `confirm` said yes of; and of these, how many the store lost. */
  confirmed: number;
  lostConfirmed: number;
  /** Reads that gave another owner's data. */
  foreign: number;
  /** When an update was last acknowledged, in epoch milliseconds. */
  servedAt: number;
  /** The counts that were last acknowledged and confirmed: lower ones may not be read. */
  least: { acknowledged: number; confirmed: number };
}

interface Data {
  owner: string;
  count: number;
}

/** How many seconds a verb may take, as `storeTimeout` has it. */
const TIMEOUT = 1;

/** Lets one writer for each session count up in steps of 100 ms until `stop` is called, whatever the store rejects. */
export function countUnderLoad(store: Store & Partial<Durable>, sessions: number) {
  const running = new AbortController();
  const tallies = range(sessions).map((n) => newTally(`owner ${n}`));
  const writers = tallies.map((tally) => write(store, tally, running.signal));
  return {
    tallies,
    async stop(): Promise<void> {
      running.abort();
      await Promise.all(writers);
    },
  };
}

/** Holds what was read against what has to stand there, and gives the count. */
export function look(tally: Tally, entry: Entry | undefined): number {
  const { least } = tally;
  const { owner, count } = entry ? decode(entry.value) : { owner: tally.owner, count: 0 };
  if (owner !== tally.owner) tally.foreign++;
  tally.lost += Math.max(0, least.acknowledged - count);
  tally.lostConfirmed += Math.max(0, least.confirmed - count);
  tally.least = { acknowledged: Math.min(least.acknowledged, count), confirmed: Math.min(least.confirmed, count) };
  return count;
}

function newTally(owner: string): Tally {
  const none = { acknowledged: 0, lost: 0, confirmed: 0, lostConfirmed: 0, foreign: 0, servedAt: 0 };
  return { key: newKey(), owner, ...none, least: { acknowledged: 0, confirmed: 0 } };
}

async function write(store: Store & Partial<Durable>, tally: Tally, running: AbortSignal): Promise<void> {
  while (!running.aborted) {
    // A rejection is allowed; whether the update took place then is seen by the next read.
    await addOne(store, tally).catch(() => undefined);
    await pause(100);
  }
}

async function addOne(store: Store & Partial<Durable>, tally: Tally): Promise<void> {
  const { key, owner } = tally;
  const entry = await inTime(() => store.read(key), TIMEOUT);
  const count = look(tally, entry) + 1;
  const next = { value: encode({ owner, count }), expiresAt: Date.now() + 600_000 };
  if (!(await inTime(() => put(store, key, entry, next), TIMEOUT))) return;
  tally.acknowledged++;
  tally.least.acknowledged = count;
  tally.servedAt = Date.now();
  if (!(await store.confirm?.(key))) return;
  tally.confirmed++;
  tally.least.confirmed = count;
}

async function put(store: Store, key: string, entry: Entry | undefined, next: Entry): Promise<boolean> {
  if (!entry) return store.create(key, next);
  return (await store.update(key, { ...next, before: entry.value })).done;
}

function encode(data: Data): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(data));
}

function decode(value: Uint8Array): Data {
  return JSON.parse(new TextDecoder().decode(value)) as Data;
}
