/** The races. In each, requests have loaded one session before any of them changes it. */
import type { Page } from "../../src/testing/browser.ts";
import { type Place, type Shown, type Visitor, crowd, hold, letAllGo, logIn, read } from "./place.ts";

/** How much was tried, how much of it went wrong, and how many of the requests that were held got no 200. */
export interface Outcome {
  readonly tried: number;
  readonly wrong: number;
  readonly refused: number;
}

export interface Sizes {
  /** How many requests of one session are at once. */
  readonly crowd: number;
  readonly rounds: number;
  /** How many sessions are logged out, or renewed, under a request. */
  readonly sessions: number;
}

export interface Races {
  /** Of `crowd` requests that set a key each, how many keys are not there. */
  readonly keys: Outcome;
  /** The same with two requests at once. */
  readonly pairs: Outcome;
  /** Of `crowd` requests that count one up, how many are not counted, or twice. */
  readonly count: Outcome;
  /** Sessions that live after a logout, because a request that was under way changed a key. */
  readonly logoutByWrite: Outcome;
  /** The same for a request that changes nothing. */
  readonly logoutByRead: Outcome;
  /** Old ids that live after `regenerate`, because a request that was under way changed a key. */
  readonly oldId: Outcome;
}

export async function allRaces(place: Place, { crowd: size, rounds, sessions }: Sizes): Promise<Races> {
  const key = (at: number) => `/keys/${at}`;
  const toCount = () => "/count";
  return {
    keys: await parallel(place, size, rounds, key, ({ keys }) => keys),
    pairs: await parallel(place, 2, sessions / 2, key, ({ keys }) => keys),
    count: await parallel(place, size, rounds, toCount, ({ count }) => count),
    logoutByWrite: await overtaken(place, sessions, "/logout", "POST", "/keys/1"),
    logoutByRead: await overtaken(place, sessions, "/logout", "GET", "/read"),
    oldId: await overtaken(place, sessions, "/regenerate", "POST", "/keys/1"),
  };
}

/** Requests of one session at once. Only what was acknowledged can be lost. */
async function parallel(
  place: Place,
  size: number,
  rounds: number,
  path: (at: number) => string,
  found: (shown: Shown) => number,
): Promise<Outcome> {
  const outcomes: Outcome[] = [];
  for (let round = 0; round < rounds; round++) {
    const visitor = await logIn(place);
    const held = await hold(
      place,
      Array.from({ length: size }, (_, at) => ({ visitor, path: path(at) })),
    );
    const refused = refusals(await letAllGo(place, held));
    const wrong = Math.abs(size - refused - found(await read(visitor, visitor.cookie)));
    outcomes.push({ tried: size, wrong, refused });
  }
  return summed(outcomes);
}

/** Sessions that end, or get a new id, while a request of each is under way. */
async function overtaken(place: Place, count: number, end: string, method: string, path: string): Promise<Outcome> {
  const visitors = await crowd(place, count);
  const held = await hold(
    place,
    visitors.map((visitor) => ({ visitor, method, path })),
  );
  const ended = await Promise.all(
    place.shuffle(visitors).map((visitor) => visitor.browser.visit(end, { method: "POST" })),
  );
  ensureDone(ended, end);
  const renewed = visitors.map((visitor) => visitor.browser.cookies());
  const refused = refusals(await letAllGo(place, held));
  if (end === "/regenerate") await ensureIn(visitors, renewed);
  const lives = await Promise.all(visitors.map((visitor) => isBack(visitor, end)));
  return { tried: count, wrong: lives.filter(Boolean).length, refused };
}

/** After a logout nothing that the browser has may be logged in either: the late answer could have set a cookie. */
async function isBack(visitor: Visitor, end: string): Promise<boolean> {
  return (await isIn(visitor, visitor.cookie)) || (end === "/logout" && isIn(visitor, visitor.browser.cookies()));
}

async function isIn(visitor: Visitor, cookie: string | undefined): Promise<boolean> {
  return cookie !== undefined && (await read(visitor, cookie)).user === "ada";
}

/** A library whose new id is nobody's would win each race for the old one. */
async function ensureIn(visitors: readonly Visitor[], cookies: readonly (string | undefined)[]): Promise<void> {
  const alive = await Promise.all(visitors.map((visitor, at) => isIn(visitor, cookies[at])));
  if (alive.includes(false)) throw new Error("a new id is not logged in");
}

function ensureDone(pages: readonly Page[], path: string): void {
  const failed = pages.find(({ status }) => status !== 200);
  if (failed) throw new Error(`${path} was answered with ${failed.status}: ${failed.text}`);
}

function refusals(pages: readonly Page[]): number {
  return pages.filter(({ status }) => status !== 200).length;
}

function summed(outcomes: readonly Outcome[]): Outcome {
  return {
    tried: outcomes.reduce((sum, { tried }) => sum + tried, 0),
    wrong: outcomes.reduce((sum, { wrong }) => sum + wrong, 0),
    refused: outcomes.reduce((sum, { refused }) => sum + refused, 0),
  };
}
