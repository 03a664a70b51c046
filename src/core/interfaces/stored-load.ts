import type { Data } from "../../codecs/codec.ts";
import { report } from "../../events.ts";
import { saltIn, successorOf } from "../renewal.ts";
import type { Loaded } from "../state.ts";
import type { StoredKind, Token } from "./stored.ts";

/** A session that a cookie named, as it stands in the store. */
export interface Live extends Token {
  loaded: Loaded;
  data: Data;
  /** Whether the cookie named the id that this one took the place of. */
  followed: boolean;
}

/** More ids than this in one request are not looked up. */
const MAX_LOOKUPS = 4;

/** The live sessions that a request's cookies name. One is the visitor's; several are nobody's. */
export async function findLive(kind: StoredKind, values: readonly string[]): Promise<Live[]> {
  const tokens = new Map<string, Token>();
  for (const value of values) {
    const token = kind.token.read(value);
    if (token && kind.ids.isId(token.id)) tokens.set(token.id, token);
    else report({ type: "rejected", reason: "the cookie is none of ours" });
  }
  const asked = [...tokens.values()].slice(0, MAX_LOOKUPS);
  const found = await Promise.all(asked.map((token) => find(kind, token)));
  const live = found.filter((session) => session !== undefined);
  if (live.length > 1) report({ type: "ambiguous", count: live.length });
  return live;
}

/** The live session of an id, or of the one that took its place. */
export async function find(kind: StoredKind, token: Token, followed = false): Promise<Live | undefined> {
  const key = kind.ids.keyOf(token.id);
  const entry = await kind.store.read(key);
  if (!entry) {
    report({ type: "unknown" }, key);
    return undefined;
  }
  const data = decode(kind, key, entry.value);
  if (!data || !kind.habits.isLive(data, kind.clock.now())) return undefined;
  const salt = kind.renewal && saltIn(data);
  if (salt !== undefined) return find(kind, { id: successorOf(token.id, salt), current: false }, true);
  const { id, current } = token;
  return { id, current, data, followed, loaded: { bytes: entry.value, expiresAt: entry.expiresAt } };
}

function decode(kind: StoredKind, key: string, bytes: Uint8Array): Data | undefined {
  try {
    return kind.codec.decode(bytes);
  } catch (error) {
    report({ type: "unreadable", reason: error instanceof Error ? error.name : "unknown" }, key);
    return undefined;
  }
}
