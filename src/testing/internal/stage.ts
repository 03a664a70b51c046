/** What the tests of a store are given: a store of their own, a key that nobody used, and a way through time. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { type Clock, systemClock } from "../../clock.ts";
import type { Entry, Store } from "../../store.ts";
import { type ManualClock, manualClock } from "../clock.ts";

const HOUR = 3_600_000;

/** Declares a test, as the function of that name does in vitest, in `node:test` and in others. */
export type Test = (name: string, run: () => Promise<void>) => unknown;

/** A store to be held against its promises. */
export interface StoreKit<S extends Store = Store> {
  test: Test;
  /** Opens a store that tells the time by `clock`: once for each test, over one engine or over several. */
  open: (clock: Clock) => S | Promise<S>;
  /** Called after each test, also after one that failed. */
  close?: (store: S) => unknown;
  /**
   * Whose time deadlines follow. `'clock'`, the default: the kit advances the clock, and wants them kept to the
   * millisecond. `'engine'`: it waits for real ones, and grants a second.
   */
  time?: "clock" | "engine";
  /** What it grants an engine instead, in milliseconds: one that counts by whole seconds of its own clock needs 2000. */
  grace?: number;
  /** Whether a key may be any text, the default, or is always a hash of 64 hex digits. */
  keys?: "any" | "hashed";
  /** The size of the largest value, in bytes. Default: 1 048 576. */
  maxValue?: number;
}

/** Time as a test sees it. */
export interface Time {
  /** How far a deadline may be from what it was set to, in milliseconds. */
  readonly grace: number;
  /** The instant that is so many milliseconds away. */
  after(ms: number): number;
  /** A deadline that can be waited for. */
  soon(): number;
  /** Goes on to the deadline of an entry, which has to live until then and no longer. */
  pass(deadline: number, store: Store, key: string): Promise<void>;
}

/** What a test is given. */
export interface Stage<S> {
  readonly store: S;
  readonly key: string;
  readonly time: Time;
  /** An entry of this text that lives for so many hours. Default 1. */
  readonly live: (text: string, hours?: number) => Entry;
}

/** `test` for tests that are given a stage. */
export function onStage<S extends Store>(
  kit: StoreKit<S>,
): (name: string, run: (stage: Stage<S>) => Promise<void>) => void {
  return (name, run) => {
    kit.test(name, async () => {
      const clock = kit.time === "engine" ? undefined : manualClock();
      const store = await kit.open(clock ?? systemClock);
      try {
        const time = clock ? clockTime(clock) : engineTime(kit.grace);
        const start = time.after(0);
        const live = (text: string, hours = 1) => ({ value: bytes(text), expiresAt: start + hours * HOUR });
        await run({ store, key: newKey(), time, live });
      } finally {
        await kit.close?.(store);
      }
    });
  };
}

/** A key that nobody used, as sessions have them: 64 hex digits. */
export function newKey(): string {
  return randomBytes(32).toString("hex");
}

/** Bytes from a text. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Fails unless there is an entry of this value and deadline. */
export function assertEntry(time: Time, actual: Entry | undefined, expected: Entry): void {
  assert.ok(actual, "there is no entry");
  assert.equal(Buffer.compare(actual.value, expected.value), 0, "the value is another one");
  const apart = Math.abs(actual.expiresAt - expected.expiresAt);
  assert.ok(apart <= time.grace, `the deadline is ${apart} ms off`);
}

/** The numbers from 0 to `count`, without the last. */
export function range(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

/** Whether a store has a live entry under a key. */
export async function isLive(store: Store, key: string): Promise<boolean> {
  return (await store.read(key)) !== undefined;
}

function clockTime(clock: ManualClock): Time {
  return {
    grace: 0,
    after: (ms) => clock.now() + ms,
    soon: () => clock.now() + 60_000,
    async pass(deadline, store, key) {
      clock.advance(deadline - 1 - clock.now());
      assert.equal(await isLive(store, key), true, "gone before its deadline");
      clock.advance(1);
      assert.equal(await isLive(store, key), false, "alive at its deadline");
    },
  };
}

/** An engine counts from when it hears of a life: as long as the test has taken so far, that may have been underway. */
function engineTime(grace = 1000): Time {
  const began = performance.now();
  return {
    get grace() {
      return grace + performance.now() - began;
    },
    after: (ms) => Date.now() + ms,
    soon: () => Date.now() + 1500,
    async pass(deadline, store, key) {
      while (await isLive(store, key)) {
        assert.ok(Date.now() < deadline + 10 * grace, "alive long after its deadline");
        await pause(50);
      }
      assert.ok(Date.now() >= deadline - grace, "gone before its deadline");
    },
  };
}
