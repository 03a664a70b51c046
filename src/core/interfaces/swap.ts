import type { Codec, Data } from "../../codecs/codec.ts";
import { SessionError } from "../../errors.ts";
import { report } from "../../events.ts";
import type { Entry, Updated } from "../../store.ts";
import type { Draft } from "../draft.ts";
import { fingerprintBy } from "../draft.ts";
import { type OnConflict, merge } from "../merge.ts";
import type { Loaded, SessionState } from "../state.ts";

/** What stands in the store after a swap, and what it took. */
export interface Swapped {
  data: Data;
  bytes: Uint8Array;
  conflicts: string[];
  tries: number;
}

/** How a swap merges, and what it is told by. */
export interface SwapRules {
  codec: Codec;
  onConflict: OnConflict;
  /** The store's key, for events. */
  key: string;
}

const MAX_TRIES = 16;
const LONGEST_PAUSE = 32;

/**
 * Writes a draft over what the session was loaded from. Where another request was first, both are merged and it is tried
 * again, at most 16 times; then it rejects with `CONFLICT`. `undefined`: nothing stands there any more.
 *
 * `write` puts `bytes` in the place of `before`.
 */
export async function swap(
  state: SessionState,
  loaded: Loaded,
  draft: Draft,
  rules: SwapRules,
  write: (bytes: Uint8Array, before: Uint8Array) => Promise<Updated>,
): Promise<Swapped | undefined> {
  let { data, bytes } = draft;
  let before = loaded.bytes;
  let conflicts: string[] = [];
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const updated = await write(bytes, before);
    if (updated.done) {
      if (conflicts.length > 0) report({ type: "conflict", keys: conflicts, tries }, rules.key);
      return { data, bytes, conflicts, tries };
    }
    if (!updated.current) return undefined;
    const theirs = read(updated.current, rules);
    const base = rules.codec.decode(loaded.bytes) ?? new Map<unknown, unknown>();
    ({ data, conflicts } = merge({ base, mine: draft.data, theirs }, rulesOf(state, rules)));
    bytes = rules.codec.encode(data);
    before = updated.current.value;
    await pause(tries);
  }
  throw new SessionError("CONFLICT", `other requests changed the session first, ${MAX_TRIES} times in a row`);
}

function rulesOf(state: SessionState, { codec, onConflict }: SwapRules) {
  const fingerprint = fingerprintBy(codec);
  return {
    same: (key: unknown, a: unknown, b: unknown) => a === b || fingerprint(key, a) === fingerprint(key, b),
    updates: state.updates,
    onConflict,
  };
}

function read({ value }: Entry, { codec, key }: SwapRules): Data {
  try {
    return codec.decode(value) ?? new Map<unknown, unknown>();
  } catch (cause) {
    report({ type: "unreadable", reason: "another writer left bytes that are no session" }, key);
    throw new SessionError("STORE", "the record was overwritten with bytes that are no session", { cause });
  }
}

/** A random pause that grows with the tries, so that those who collided do not collide again. */
function pause(tries: number): Promise<void> {
  const longest = Math.min(2 ** (tries - 1), LONGEST_PAUSE);
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
}
