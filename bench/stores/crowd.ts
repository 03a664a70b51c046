/** A store with many sessions, half of them expired: what one takes, and what a sweep costs those who come meanwhile. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock, Store, Sweepable } from "flagon";
import { many, newKeys, newValue } from "./load.ts";
import { openSite } from "./site.ts";
import type { Connection } from "./subject.ts";

/** What was seen of many sessions. */
export interface Crowd {
  count: number;
  /** Of the engine, for one session. */
  bytes: number;
  sweep?: Swept;
}

/** What was seen of a sweep. Times in milliseconds. */
export interface Swept {
  deleted: number;
  took: number;
  /** The time of a request, without a sweep and during it. */
  without: Times;
  during: Times;
}

export interface Times {
  median: number;
  /** One in a hundred takes longer. */
  late: number;
  count: number;
}

/** Time that can be set forward. */
export interface Forward extends Clock {
  ahead: number;
}

export function forward(): Forward {
  const clock = { ahead: 0, now: () => Date.now() + clock.ahead };
  return clock;
}

const HOUR = 3_600_000;

/** How long requests are timed without a sweep, before it and after it. */
const WITHOUT = 1500;

export async function crowdOf({ store, size }: Connection, clock: Forward, count: number): Promise<Crowd> {
  const before = await size();
  await fill(store, clock, count);
  const bytes = ((await size()) - before) / count;
  return { count, bytes, ...(isSweepable(store) && { sweep: await sweepOf(store, clock) }) };
}

function isSweepable(store: Connection["store"]): store is Store & Sweepable {
  return store.deleteExpired !== undefined;
}

/** Half of them end in an hour, half in two, one kind next to the other. */
async function fill(store: Store, clock: Clock, count: number): Promise<void> {
  const now = clock.now();
  const chunk = 10_000;
  for (let made = 0; made < count; made += chunk) {
    const keys = newKeys(Math.min(chunk, count - made));
    await many(keys.length, (n) =>
      store.create(keys[n] ?? "", { value: newValue(), expiresAt: now + (1 + (n % 2)) * HOUR }),
    );
  }
}

async function sweepOf(store: Store & Sweepable, clock: Forward): Promise<Swept> {
  clock.ahead += 1.5 * HOUR;
  const site = await openSite(store, clock);
  try {
    const before = await site.timed(() => sleep(WITHOUT));
    const sweep = await site.timed(() => store.deleteExpired());
    const after = await site.timed(() => sleep(WITHOUT));
    return {
      deleted: sweep.result,
      took: sweep.took,
      without: timesOf([...before.requests, ...after.requests]),
      during: timesOf(sweep.requests),
    };
  } finally {
    await site.close();
  }
}

function timesOf(requests: readonly number[]): Times {
  const sorted = requests.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? NaN;
  return { median: at(0.5), late: at(0.99), count: sorted.length };
}
