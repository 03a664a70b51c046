import { Cookie, type CookieRecord } from "./cookie.ts";

/** The data of a session, each key with its JSON: to find what has changed. The cookie counts apart from it. */
export type Snapshot = ReadonlyMap<string, string>;

export function snapshotOf(session: object): Snapshot {
  const pairs = Object.entries(session).map(([name, value]) => [name, JSON.stringify(value) as string | undefined]);
  return new Map(pairs.filter((pair): pair is [string, string] => pair[0] !== "cookie" && pair[1] !== undefined));
}

/** Whether two snapshots hold the same, in whatever order. */
export function isSame(a: Snapshot, b: Snapshot): boolean {
  return a.size === b.size && [...a].every(([name, json]) => b.get(name) === json);
}

/** A session at one moment: its data, and its cookie apart from when that ends. */
export interface Version {
  readonly data: Snapshot;
  readonly cookie: string;
}

export function versionOf(session: { cookie?: unknown }): Version {
  return { data: snapshotOf(session), cookie: cookieOf(session.cookie) };
}

/** Every request moves the end. */
function cookieOf(cookie: unknown): string {
  const data = JSON.parse(JSON.stringify(cookie ?? {})) as Record<string, unknown>;
  const kept = Object.entries(data).filter(([name, value]) => name !== "expires" && value !== null);
  return JSON.stringify(kept.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * What is to be stored where another request has stored `theirs` since this one loaded `base`: of each key, and of the
 * cookie, mine where I changed it and theirs else. `undefined`: just mine.
 */
export function merge(base: Version, mine: Cookied, theirs: Cookied): Cookied | undefined {
  const [left, right] = [versionOf(mine), versionOf(theirs)];
  const isCookieMine = left.cookie !== base.cookie || right.cookie === base.cookie;
  if (isCookieMine && isSame(right.data, base.data)) return undefined;
  const names = [...new Set([...right.data.keys(), ...left.data.keys()])];
  const isMine = (name: string) => left.data.get(name) !== base.data.get(name);
  const pairs = names
    .map((name) => [name, isMine(name) ? mine : theirs] as const)
    .filter(([name, from]) => name in from)
    .map(([name, from]) => [name, Reflect.get(from, name) as unknown]);
  return { cookie: isCookieMine ? mine.cookie : livingOn(theirs.cookie), ...Object.fromEntries(pairs) };
}

interface Cookied {
  cookie: unknown;
}

/** A stored cookie, whose life begins anew. */
function livingOn(record: unknown): Cookie {
  const cookie = new Cookie(record as object);
  cookie.maxAge = (record as CookieRecord).originalMaxAge;
  return cookie;
}
