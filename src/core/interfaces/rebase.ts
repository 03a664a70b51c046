import type { Clock } from "../../clock.ts";
import type { Codec, Data } from "../../codecs/codec.ts";
import { sameBytes } from "../../crypto/bytes.ts";
import { SessionError } from "../../errors.ts";
import { report } from "../../events.ts";
import { type Draft, fingerprintBy } from "../draft.ts";
import { checkLease } from "../lease.ts";
import { type OnConflict, merge } from "../merge.ts";
import type { Loaded, SessionState } from "../state.ts";

/** What one request wants of a record. */
export interface Wish {
  state: SessionState;
  /** What the session was loaded from. */
  loaded: Loaded;
  /** What stands there since, where that is known. */
  standing?: Uint8Array | undefined;
  /** What it is to be; the bytes that were loaded, where nothing but the deadline is to move. */
  draft: Draft;
  /** When a record of these bytes ends, in epoch milliseconds: others may have made it permanent meanwhile, or not. */
  deadline: (bytes: Uint8Array) => number;
}

/** How wishes are merged, and what a record is told by. */
export interface SwapRules {
  codec: Codec;
  onConflict: OnConflict;
  /** The store's key, for events. */
  key: string;
  clock: Clock;
  /** What leads from a record to the one that took its place; absent where none can. */
  saltIn?: (bytes: Uint8Array) => string | undefined;
}

/** Whether nothing but the deadline is to move. */
export function isTouch({ draft, loaded }: Wish): boolean {
  return sameBytes(draft.bytes, loaded.bytes);
}

/** What a request makes of bytes that may not be those it was loaded from. */
export function rebase(wish: Wish, onto: Uint8Array, rules: SwapRules): { bytes: Uint8Array; conflicts: string[] } {
  const { state, loaded, draft } = wish;
  if (isTouch(wish)) return { bytes: onto, conflicts: [] };
  const asks = state.lease?.isHeld === false;
  if (sameBytes(onto, loaded.bytes) && !asks) return { bytes: draft.bytes, conflicts: [] };
  const base = rules.codec.decode(loaded.bytes) ?? new Map<unknown, unknown>();
  // Decoded anew, so that no two sessions hold the same objects.
  const theirs = read(onto, rules);
  checkLease(state.lease, theirs, rules.clock.now());
  const { data, conflicts } = merge({ base, mine: draft.data, theirs }, rulesOf(state, rules));
  return { bytes: rules.codec.encode(data), conflicts };
}

function rulesOf(state: SessionState, { codec, onConflict }: SwapRules) {
  const fingerprint = fingerprintBy(codec);
  return {
    same: (key: unknown, a: unknown, b: unknown) => a === b || fingerprint(key, a) === fingerprint(key, b),
    updates: state.updates,
    onConflict,
    isOurs: (key: unknown) => state.habits.isOurs(key),
  };
}

function read(bytes: Uint8Array, { codec, key }: SwapRules): Data {
  try {
    return codec.decode(bytes) ?? new Map<unknown, unknown>();
  } catch (cause) {
    report({ type: "unreadable", reason: "another writer left bytes that are no session" }, key);
    throw new SessionError("STORE", "the record was overwritten with bytes that are no session", { cause });
  }
}
