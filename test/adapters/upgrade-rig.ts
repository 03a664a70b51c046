/** Connections that outlive their request, on timers that a test moves by hand. */
import { afterEach, beforeEach, vi } from "vitest";
import { type Live, type UpgradeOptions, fromUpgrade } from "../../src/adapters/upgrade.ts";
import type { Session } from "../../src/index.ts";
import { type Data, type Visitor, memorySessions } from "../core/helpers.ts";

/** In milliseconds. */
export const SECOND = 1000;
/** In milliseconds. */
export const HOUR = 3600 * SECOND;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Changes a session. */
export const increment = (session: Session<Data>) => session.update("n", (n) => Number(n ?? 0) + 1);
/** The request of an upgrade. */
export const requestOf = ({ cookie }: Visitor) => ({ headers: { cookie } });

/** A visitor with a session, a connection of theirs, and another process that has their cookie. */
export async function connected(options: UpgradeOptions = {}, ...more: Parameters<typeof memorySessions>) {
  const setup = memorySessions(...more);
  const { browser, elsewhere, store } = setup;
  await browser.visit((session) => Object.assign(session, { user: "ada", n: 0 }));
  const connect = () => fromUpgrade(setup.sessions, requestOf(browser), options);
  const live = await connect();
  const other = () => Object.assign(elsewhere(), { cookie: browser.cookie });
  store.take();
  return { ...setup, connect, live, other };
}

/** How often each was told of its end until now. */
export function ends(...lives: Live<Data>[]): number[] {
  const counts = lives.map(() => 0);
  for (const [index, live] of lives.entries()) live.onRevoked(() => counts.splice(index, 1, (counts[index] ?? 0) + 1));
  return counts;
}

/** Lets so much time go by on the timers alone. */
export const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * SECOND);
