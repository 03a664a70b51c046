import type { Data } from "../codecs/codec.ts";
import { inheritShape } from "../codecs/shapes.ts";
import { SessionError } from "../errors.ts";
import type { Updates } from "./updates.ts";

/** What is done with a key that two requests set otherwise. */
export type OnConflict =
  | "mine"
  | "theirs"
  | "error"
  | ((key: string, values: { base: unknown; mine: unknown; theirs: unknown }) => unknown);

/** The three states of a session's data at a lost swap. */
export interface Versions {
  /** As this request loaded it. */
  base: Data;
  /** As this request left it. */
  mine: Data;
  /** As another request has saved it meanwhile. */
  theirs: Data;
}

/** What a merge gives, and the keys that both sides had set otherwise. */
export interface Merged {
  data: Data;
  conflicts: string[];
}

/** How a merge compares and decides. */
export interface MergeRules {
  same(key: unknown, a: unknown, b: unknown): boolean;
  updates: Updates;
  onConflict: OnConflict;
  /** Whether a key is bookkeeping, on which nobody can disagree. */
  isOurs(key: unknown): boolean;
}

/**
 * Merges by top-level key: what this request did not change is theirs; what it changed by `update` alone runs again on
 * theirs; a key that both changed otherwise is decided by `onConflict`, whose `"error"` throws `CONFLICT`.
 */
export function merge({ base, mine, theirs }: Versions, rules: MergeRules): Merged {
  const data: Data = new Map();
  const conflicts: string[] = [];
  inheritShape(theirs, data);
  for (const key of new Set([...theirs.keys(), ...mine.keys(), ...base.keys()])) {
    const [from, left, right] = [base.get(key), mine.get(key), theirs.get(key)];
    const value = rules.same(key, from, left) ? right : decide(key, from, left, right);
    if (value !== undefined) data.set(key, value);
  }
  return { data, conflicts };

  function decide(key: unknown, from: unknown, left: unknown, right: unknown): unknown {
    if (rules.updates.made(key, from, left)) return rules.updates.replay(key, right);
    if (rules.isOurs(key) || rules.same(key, from, right) || rules.same(key, left, right)) return left;
    conflicts.push(String(key));
    return resolve(rules.onConflict, String(key), { base: from, mine: left, theirs: right });
  }
}

function resolve(
  onConflict: OnConflict,
  key: string,
  values: { base: unknown; mine: unknown; theirs: unknown },
): unknown {
  if (typeof onConflict === "function") return onConflict(key, values);
  if (onConflict === "error") {
    throw new SessionError("CONFLICT", `session key ${JSON.stringify(key)} was set otherwise by another request`);
  }
  return values[onConflict];
}
