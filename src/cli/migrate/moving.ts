/** The move itself: from one store to another, so many at a time, whatever the number of sessions. */
import { sha256 } from "../../crypto/bytes.ts";
import { SessionError } from "../../errors.ts";
import type { Entry, Store } from "../../store.ts";
import { migratingStore } from "../../stores/migrating.ts";
import { explain } from "../failure.ts";
import { Refusal } from "./refusal.ts";
import type { Found, Source } from "./source.ts";

/** What is to be done. */
export interface Plan {
  readonly from: Source;
  /** Rejects with a `Refusal` for a record that it alone does not take. */
  readonly to: Store;
  readonly convert: (entry: Entry) => Entry;
  readonly keyOf: (key: string) => string;
  /** Whether the old store's copy goes. */
  readonly deletes: boolean;
  readonly dryRun: boolean;
  /** Whether what was moved is looked for in the new store. */
  readonly verifies: boolean;
  /** How many are under way at once. */
  readonly concurrency: number;
}

/** What became of it. */
export interface Counts {
  read: number;
  moved: number;
  /** The new store had another or the same one under that key. */
  there: number;
  /** Ended, or were moved by a server, before their turn came. */
  gone: number;
  unreadable: number;
  /** The new store does not take them, though it takes others. */
  refused: number;
  verified: number;
  /** In the new store, but not with this value or deadline. */
  different: number;
  missing: number;
  /** Hashes of the keys of the first that could not be read, and of the first that were refused. */
  unreadableKeys: string[];
  refusedKeys: string[];
  /** Why the first of them was refused: what the new store said. */
  refusal?: string;
}

export const NONE: Readonly<Omit<Counts, "unreadableKeys" | "refusedKeys">> = {
  read: 0,
  moved: 0,
  there: 0,
  gone: 0,
  unreadable: 0,
  refused: 0,
  verified: 0,
  different: 0,
  missing: 0,
};

/** How many keys of records that stay where they are are named, of each kind. */
const NAMED = 10;
/** How far apart deadlines may be, in milliseconds: engines count in their own units. */
const GRACE = 2000;

/** Moves what the old store has. */
export async function moveAll(plan: Plan, counts: Counts, stopped: AbortSignal): Promise<void> {
  const moveOne = moverOf(plan);
  await each(plan, stopped, async (found) => {
    const entry = await readingOf(plan, counts, found);
    if (!entry) return;
    const outcome = await moveOne(found.key, entry).catch((error: unknown) => refusalIn(error));
    if (outcome instanceof Refusal) return noteRefused(counts, hashOf(found.key), outcome);
    counts[outcome]++;
    // There is nothing to compare with any more when all have moved.
    if (plan.deletes && plan.verifies && outcome === "moved") await verify(plan, counts, found.key, entry);
  });
}

/** Looks for all that the old store has in the new one. */
export async function verifyAll(plan: Plan, counts: Counts, stopped: AbortSignal): Promise<void> {
  await each(plan, stopped, async (found) => {
    const entry = await readingOf(plan, undefined, found);
    if (entry) await verify(plan, counts, found.key, entry);
  });
}

async function verify({ to, keyOf }: Plan, counts: Counts, key: string, entry: Entry): Promise<void> {
  counts[resemblance(entry, await to.read(keyOf(key)))]++;
}

type Mover = (key: string, entry: Entry) => Promise<"moved" | "there" | "gone">;

function moverOf({ from, to, convert, keyOf, deletes, dryRun }: Plan): Mover {
  if (dryRun) return async (key) => ((await to.read(keyOf(key))) ? "there" : "moved");
  if (!deletes) return async (key, entry) => ((await to.create(keyOf(key), entry)) ? "moved" : "there");
  const { read, delete: remove } = from;
  if (!read || !remove) {
    throw new SessionError("CONFIG", "--delete needs an old store that has read() and delete(); leave it out");
  }
  return async (key) => {
    // The servers move sessions in the same way. Where keys stay, no session is moved by both.
    const old = { read: () => read(key), delete: () => remove(key) };
    const moved = await migratingStore(old, to, { convert }).move(keyOf(key));
    return moved === "there already" ? "there" : moved;
  };
}

async function readingOf(
  { convert }: Plan,
  counts: Counts | undefined,
  { key, read }: Found,
): Promise<Entry | undefined> {
  if (counts) counts.read++;
  const entry = await read().catch((error: unknown) => {
    if (!(error instanceof SyntaxError)) throw error;
    return "unreadable" as const;
  });
  if (entry === undefined && counts) counts.gone++;
  const ours = typeof entry === "object" ? attempt(() => convert(entry)) : entry;
  if (ours !== "unreadable") return ours;
  if (counts) noteUnreadable(counts, hashOf(key));
  return undefined;
}

function attempt(act: () => Entry): Entry | "unreadable" {
  try {
    return act();
  } catch {
    return "unreadable";
  }
}

/** What names a record where others read it. */
function hashOf(key: string): string {
  return sha256(key).slice(0, 16);
}

/** Throws any other error: then a store is down. */
function refusalIn(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  throw error;
}

function noteRefused(counts: Counts, hash: string, { cause }: Refusal): void {
  counts.refused++;
  counts.refusal ??= explain(cause);
  if (counts.refusedKeys.length < NAMED) counts.refusedKeys.push(hash);
}

/** Counts a record that cannot be read, and keeps the hash of its key while there are few. */
export function noteUnreadable(counts: Counts, hash: string): void {
  counts.unreadable++;
  if (counts.unreadableKeys.length < NAMED) counts.unreadableKeys.push(hash);
}

function resemblance(entry: Entry, there: Entry | undefined): "verified" | "different" | "missing" {
  if (!there) return "missing";
  const isSame = Buffer.compare(entry.value, there.value) === 0 && Math.abs(entry.expiresAt - there.expiresAt) <= GRACE;
  return isSame ? "verified" : "different";
}

/** Does `act` for every record, so many at once. After a failure none begins, and all that began have ended. */
async function each(
  { from, concurrency }: Plan,
  stopped: AbortSignal,
  act: (found: Found) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const found of from.list()) {
    if (stopped.aborted || failures.length > 0) break;
    const doing: Promise<void> = act(found)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => underWay.delete(doing));
    underWay.add(doing);
    if (underWay.size >= concurrency) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  if (failures.length > 0) throw failures[0];
}
