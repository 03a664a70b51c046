/** Sessions for the tests beside the kit: with a store that can be made to wait or to fail. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { on } from "node:events";
import {
  type CookieOptions,
  EVENTS,
  type Session,
  type SessionEvent,
  type SessionInterface,
  type Verb,
  sessions,
} from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { type CountingStore, countingStore, deferred } from "../../src/testing/internal/adapter-stage.ts";

export type Data = Record<string, unknown>;

export interface Fixture {
  visits: SessionInterface<Data>;
  store: CountingStore;
}

/** Sessions over a store that asks `before` first. */
export function fixture(before?: (verb: Verb) => unknown): Fixture {
  const store = countingStore(memoryStore(), before);
  const keys = { current: "adapters-own_key-for-tests-only_0123456789" };
  return { store, visits: sessions<Data>({ store, keys, storeTimeout: 60 }) };
}

/** Sessions of their own beside others, by the name of their cookie or all of its options. */
export function own(cookie: string | CookieOptions, before?: (verb: Verb) => unknown): Fixture {
  const store = countingStore(memoryStore(), before);
  const keys = { current: "apart-own_key-for-tests-only_0123456789" };
  const options = typeof cookie === "string" ? { name: cookie } : cookie;
  return { store, visits: sessions<Data>({ store, keys, storeTimeout: 60, cookie: options }) };
}

/** Sessions that cannot be saved. */
export function brokenFixture(): Fixture {
  return fixture((verb) => {
    if (verb !== "read") throw new Error("the store is down, on purpose");
  });
}

/** Sessions whose first save waits until it is let go. */
export function gatedFixture(): Fixture & { asked: Promise<void>; letGo: () => void } {
  const [asked, gate] = [deferred(), deferred()];
  const before = async (verb: Verb) => {
    if (verb === "read") return;
    asked.resolve();
    await gate.promise;
  };
  return { ...fixture(before), asked: asked.promise, letGo: gate.resolve };
}

/** A session's data as a handler finds it. */
export type Visit = Session<Data>;

/** The types of the events that are told while something runs. */
export async function eventsOf(run: () => Promise<unknown>): Promise<string[]> {
  const types: string[] = [];
  const listener = (event: unknown) => types.push((event as SessionEvent).type);
  subscribe(EVENTS, listener);
  try {
    await run();
  } finally {
    unsubscribe(EVENTS, listener);
  }
  return types;
}

/** What the process says when it warns with a code. */
export async function warningOf(code: string): Promise<string> {
  for await (const [warning] of on(process, "warning") as AsyncIterable<[Error & { code?: string }]>) {
    if (warning.code === code) return warning.message;
  }
  return "";
}
