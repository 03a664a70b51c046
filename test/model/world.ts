/**
 * What sessions promise, said a second time and without a store: what a request finds, and what its save makes of it.
 *
 * Nothing here is shared with `src/`: where the two differ, one of them is wrong.
 */
import { isDeepStrictEqual } from "node:util";
import type { Verb } from "../../src/store.ts";

/** Data as an application sees it, and `_permanent`. */
export type Data = Readonly<Record<string, unknown>>;

/** A session that the store holds. */
export interface Kept {
  readonly data: Data;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Or it ends then: two requests left the same, so the later one need not have been written. */
  readonly orAt?: number;
  /** Another one after every write of data. */
  readonly version: number;
}

/** All that is so at an instant. */
export interface World {
  readonly now: number;
  /** By their ids. What has expired may still be among them. */
  readonly kept: ReadonlyMap<string, Kept>;
  /** How many versions there were. */
  readonly versions: number;
}

/** Seconds. Every sum of them is a multiple of 100 s, and no sum is near a tenth of the two idle times. */
export const TIMEOUTS = { idle: 2500, absolute: 10_000, permanent: 100_500 };

/**
 * Whether the store counts by the clock of the test. An engine's own clock stands still for the model: there only the
 * absolute end comes, which sessions see for themselves.
 */
export type Time = "clock" | "engine";

/** A cookie that a request brings. */
export interface Token {
  readonly id: string;
  /** Which key signed it; absent: none of ours. */
  readonly key: number | undefined;
}

/** The calls of `update` on a key, as long as nothing else changes it. */
interface Updated {
  readonly before: unknown;
  readonly after: unknown;
  readonly changes: readonly Change[];
}

export type Change = (current: unknown) => unknown;

/** A request under way. */
export interface Request {
  readonly presented: boolean;
  readonly ambiguous: boolean;
  readonly reads: number;
  readonly createdAt: number;
  loaded: { readonly id: string; readonly kept: Kept } | undefined;
  stale: boolean;
  data: Data;
  looked: boolean;
  updates: Map<string, Updated>;
  /** Whether an `update` changed anything: that leaves a mark in the record. */
  stamped: boolean;
  regenerated: boolean;
  destroyed: boolean;
  failed: boolean;
  flashesTaken: boolean;
}

/** What a save is to answer. */
export interface Answer {
  /** `written`: whether others were there first cannot be told, as what they left is what they had found. */
  readonly result?: "unchanged" | "saved" | "merged" | "written" | "ended" | "gone";
  readonly error?: "GONE";
  readonly cookie: "set" | "removed" | "none";
  /** Whether a cookie that is set outlives the browser. */
  readonly lasting?: boolean;
  readonly conflicts: readonly string[];
  /** Keys that another request had changed to the very same. */
  readonly alike?: readonly string[];
  /** What the store is asked; absent where another request was first: that is not promised. */
  readonly asked?: Asked;
}

export type Asked = Readonly<Partial<Record<Verb, number>>>;

/** What a save makes of the world. */
export interface Step {
  readonly world: World;
  readonly answer: Answer;
  /** The id that is to be read from the cookie takes the place of this one. */
  readonly newId?: true;
}

/** Stands for an id that only the answer will tell. */
const NEW_ID = "";

const isPermanent = (data: Data) => data["_permanent"] === true;
const isEmpty = (data: Data) => Object.keys(data).every((key) => key === "_permanent");

const latestOf = (createdAt: number, permanent: boolean) =>
  createdAt + (permanent ? TIMEOUTS.permanent : TIMEOUTS.absolute) * 1000;

const idleOf = (permanent: boolean) => (permanent ? TIMEOUTS.permanent : TIMEOUTS.idle) * 1000;

/** When a session ends that is used now. */
function deadlineOf(now: number, createdAt: number, permanent: boolean): number {
  return Math.min(now + idleOf(permanent), latestOf(createdAt, permanent));
}

/** What the store holds for an id, as far as it is not too late. */
export function standing({ kept, now }: World, id: string, time: Time): Kept | undefined {
  const found = kept.get(id);
  return found && (time === "engine" || now < found.expiresAt) ? found : undefined;
}

/** The session that an id stands for. */
export function liveOf(world: World, id: string, time: Time): Kept | undefined {
  const found = standing(world, id, time);
  return found && world.now < latestOf(found.createdAt, isPermanent(found.data)) ? found : undefined;
}

/** What a request with these cookies gets. `keys`: those that count, the current one first. */
export function opened(world: World, tokens: readonly Token[], keys: readonly number[], time: Time): Request {
  const good = new Map(tokens.filter(({ key }) => key !== undefined && keys.includes(key)).map((t) => [t.id, t]));
  const asked = [...good.values()].slice(0, 4);
  const live = asked.flatMap(({ id, key }) => {
    const kept = liveOf(world, id, time);
    return kept ? [{ id, key, kept }] : [];
  });
  const only = live.length === 1 ? live[0] : undefined;
  return {
    presented: tokens.length > 0,
    ambiguous: live.length > 1,
    reads: asked.length,
    createdAt: only?.kept.createdAt ?? world.now,
    loaded: only,
    stale: only !== undefined && only.key !== keys[0],
    data: only?.kept.data ?? {},
    looked: true,
    updates: new Map(),
    stamped: false,
    regenerated: false,
    destroyed: false,
    failed: false,
    flashesTaken: false,
  };
}

/** `update(key, change)` in a request. */
export function update(request: Request, key: string, change: Change): void {
  const before = request.data[key];
  const after = change(before);
  const known = request.updates.get(key);
  const follows = known !== undefined && isDeepStrictEqual(known.after, before);
  request.updates.set(
    key,
    follows ? { ...known, after, changes: [...known.changes, change] } : { before, after, changes: [change] },
  );
  if (!isDeepStrictEqual(before, after)) request.stamped = true;
  request.data = { ...request.data, [key]: after };
}

const isModified = (request: Request) =>
  request.stamped || request.loaded === undefined || !isDeepStrictEqual(request.data, request.loaded.kept.data);

const UNCHANGED: Answer = { result: "unchanged", cookie: "none", conflicts: [], asked: {} };

/** What the save of a request makes of the world. */
export function saved(world: World, request: Request, time: Time): Step {
  const { loaded, data } = request;
  const unchanged = { world, answer: { ...UNCHANGED, cookie: request.ambiguous ? "removed" : "none" } } as const;
  if (request.destroyed) return ended(world, request, time);
  if (request.failed) {
    return loaded && request.regenerated ? moved(world, { ...request, data: loaded.kept.data }, time) : unchanged;
  }
  if (isEmpty(data) && request.looked) return loaded && isModified(request) ? ended(world, request, time) : unchanged;
  if (!loaded) return request.looked ? begun(world, request) : unchanged;
  return request.regenerated ? moved(world, request, time) : changed(world, request, time);
}

function ended(world: World, { loaded, presented }: Request, time: Time): Step {
  const cookie = presented ? "removed" : "none";
  const asked = loaded ? { delete: 1 } : {};
  const next = loaded && standing(world, loaded.id, time) ? without(world, loaded.id) : world;
  return { world: next, answer: { result: "ended", cookie, conflicts: [], asked } };
}

function begun(world: World, { data, createdAt }: Request): Step {
  const answer = {
    result: "saved",
    cookie: "set",
    lasting: isPermanent(data),
    conflicts: [],
    asked: { create: 1 },
  } as const;
  return { world: withData(world, NEW_ID, data, createdAt), answer, newId: true };
}

function moved(world: World, request: Request, time: Time): Step {
  const { loaded, createdAt } = request;
  const theirs = loaded && standing(world, loaded.id, time);
  if (!loaded || !theirs) {
    const asked = { create: 1, update: 1, delete: 1 };
    return { world, answer: { error: "GONE", cookie: "none", conflicts: [], asked } };
  }
  const { data, conflicts, alike } = merged(request, loaded.kept, theirs);
  const wrote = written(loaded.kept, theirs, data);
  const asked = wrote.result === "saved" && { asked: { create: 1, ...wrote.asked } };
  const answer = {
    result: wrote.result,
    ...asked,
    conflicts,
    alike,
    cookie: "set",
    lasting: isPermanent(request.data),
  } as const;
  return { world: withData(without(world, loaded.id), NEW_ID, data, createdAt), answer, newId: true };
}

function changed(world: World, request: Request, time: Time): Step {
  const { loaded, createdAt, data, stale, looked } = request;
  if (!loaded) throw new Error("only a loaded session can change");
  const modified = looked && isModified(request);
  const permanent = isPermanent(data);
  const due = deadlineOf(world.now, createdAt, permanent) - loaded.kept.expiresAt >= idleOf(permanent) / 10;
  const cookie = stale || (permanent && (modified || due)) ? "set" : "none";
  const lasting = permanent;
  if (!modified && !due) return { world, answer: { ...UNCHANGED, cookie, lasting } };
  const theirs = standing(world, loaded.id, time);
  if (!theirs) return { world, answer: { result: "gone", cookie: "none", conflicts: [], asked: { update: 1 } } };
  if (!modified)
    return {
      world: touched(world, loaded.id, theirs, permanent),
      answer: { ...UNCHANGED, cookie, lasting, asked: { update: 1 } },
    };
  const { data: next, conflicts, alike } = merged(request, loaded.kept, theirs);
  const answer = { ...written(loaded.kept, theirs, next), conflicts, alike, cookie, lasting } as const;
  const orAt = answer.result === "written" ? theirs.expiresAt : undefined;
  return { world: withData(world, loaded.id, next, createdAt, orAt), answer };
}

function written(mine: Kept, theirs: Kept, next: Data) {
  if (mine.version === theirs.version) return { result: "saved", asked: { update: 1 } } as const;
  const same = isDeepStrictEqual(mine.data, theirs.data) || isDeepStrictEqual(next, theirs.data);
  if (same) return { result: "written" } as const;
  return { result: "merged", asked: { update: 2 } } as const;
}

interface Merged {
  readonly data: Data;
  readonly conflicts: readonly string[];
  readonly alike: readonly string[];
}

/** Three versions of the data in one, key by key: what I did not change is theirs, `update` runs again, else it is mine. */
function merged(request: Request, { data: base, version }: Kept, theirs: Kept): Merged {
  const { data: mine, updates } = request;
  if (theirs.version === version) return { data: mine, conflicts: [], alike: [] };
  const data: Record<string, unknown> = {};
  const [conflicts, alike]: [string[], string[]] = [[], []];
  for (const key of new Set([...Object.keys(theirs.data), ...Object.keys(mine), ...Object.keys(base)])) {
    const value = valueOf(key);
    if (value !== undefined) data[key] = value;
  }
  return { data, conflicts, alike };

  function valueOf(key: string): unknown {
    const [was, left, right] = [base[key], mine[key], theirs.data[key]];
    if (isDeepStrictEqual(was, left)) return right;
    const known = updates.get(key);
    const byUpdate = known && isDeepStrictEqual(known.before, was) && isDeepStrictEqual(known.after, left);
    if (byUpdate) return known.changes.reduce((current, change) => change(current), right);
    if (!isDeepStrictEqual(was, right)) (isDeepStrictEqual(left, right) ? alike : conflicts).push(key);
    return left;
  }
}

function withData(world: World, id: string, data: Data, createdAt: number, orAt?: number): World {
  const versions = world.versions + 1;
  const expiresAt = deadlineOf(world.now, createdAt, isPermanent(data));
  const kept = { data, createdAt, expiresAt, ...(orAt !== undefined && { orAt }), version: versions };
  return { ...world, versions, kept: new Map([...world.kept, [id, kept]]) };
}

/** Moves the deadline and looks at nothing: so what counts is whether the session was permanent when it was loaded. */
function touched(world: World, id: string, kept: Kept, permanent: boolean): World {
  const expiresAt = deadlineOf(world.now, kept.createdAt, permanent);
  return { ...world, kept: new Map([...world.kept, [id, { ...kept, expiresAt }]]) };
}

/** The world without a session. */
export function without(world: World, id: string): World {
  const kept = new Map(world.kept);
  kept.delete(id);
  return { ...world, kept };
}

/** The world in which it is known when a session ends. */
export function endingAt(world: World, id: string, at: number): World {
  const { orAt, ...kept } = world.kept.get(id) ?? {};
  if (orAt !== at) return world;
  return { ...world, kept: new Map([...world.kept, [id, { ...kept, expiresAt: at } as Kept]]) };
}

/** The world in which the new id has its name. */
export function named(world: World, id: string): World {
  const found = world.kept.get(NEW_ID);
  if (!found) return world;
  const kept = new Map(world.kept).set(id, found);
  kept.delete(NEW_ID);
  return { ...world, kept };
}

/** The request after its save: it may be changed and saved again. */
export function goesOn(request: Request, { asked }: Answer, world: World, id: string): void {
  // Who wrote nothing has the old cookie still.
  if (asked === UNCHANGED.asked) return;
  const kept = world.kept.get(id);
  const { destroyed } = request;
  request.loaded = kept && { id, kept };
  if (kept && !destroyed) request.data = kept.data;
  request.updates = new Map();
  Object.assign(request, { stamped: false, regenerated: false, stale: false });
}
