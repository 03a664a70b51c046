import { sameBytes } from "../../crypto/bytes.ts";
import { SessionError } from "../../errors.ts";
import { type Draft, draftOf } from "../draft.ts";
import type { Saved } from "../interface.ts";
import { GRACE, newSalt, noteRenewal, signpost, successorOf, takeFormerKey } from "../renewal.ts";
import { type Loaded, type SessionState, stateOf } from "../state.ts";
import { Moved } from "./lanes.ts";
import type { SavingKind } from "./stored.ts";
import { change, conclude, cookieLine, deadlines, isGone, move } from "./stored-write.ts";

/**
 * Puts the session under a new id that nobody asked for, and leaves a signpost under the former. That stands until the
 * browser has shown the new id, and a little longer: a response that never arrives logs nobody out.
 */
export async function renew(kind: SavingKind, session: object, loaded: Loaded, draft: Draft): Promise<Saved> {
  const state = stateOf(session);
  const [former, bookkeeping, salt] = [state.id, new Map(state.hidden), newSalt()];
  const [from, id] = [kind.ids.keyOf(former), successorOf(former, salt)];
  noteRenewal(state.hidden, kind.clock.now(), from);
  const renewed = draftOf(session, kind.codec);
  const { expiresAt, cookieExpiresAt, deadline } = deadlines(kind, state, draft);
  const farewell = { value: kind.codec.encode(signpost(renewed.data, salt)), expiresAt };
  const to = kind.ids.keyOf(id);
  await begin(kind, to, { value: renewed.bytes, expiresAt });
  try {
    const swapped = await move(kind, state, { from, to, loaded, draft: renewed, deadline, farewell });
    if (!swapped) return await withdraw(() => Promise.resolve(isGone(kind, state, from)));
    state.id = id;
    state.followed = true;
    const line = cookieLine(kind, state, cookieExpiresAt);
    return conclude(kind, session, { swapped, deadline, line, written: draft.modified });
  } catch (error) {
    if (error instanceof Moved) return withdraw(() => change(kind, session, loaded, draft));
    // Whether the former record leads here by now is not known: then this one has to stay.
    if (!(error instanceof SessionError) || error.code === "STORE" || error.code === "IN_DOUBT") throw error;
    return withdraw(() => Promise.reject(error));
  }

  /** As if nothing had been tried: somebody else was first. */
  async function withdraw(instead: () => Promise<Saved>): Promise<Saved> {
    state.hidden.clear();
    for (const [key, value] of bookkeeping) state.hidden.set(key, value);
    await kind.store.delete(to).catch(() => false);
    return instead();
  }
}

async function begin(kind: SavingKind, key: string, entry: { value: Uint8Array; expiresAt: number }): Promise<void> {
  if (await kind.store.create(key, entry)) return;
  const standing = await kind.store.read(key);
  if (standing && sameBytes(standing.value, entry.value)) return;
  throw new SessionError("STORE", "a new session id is taken already; their source repeats itself");
}

/** Lets the former id go: not at once, for the sake of requests that are on their way with it. */
export async function confirmRenewal(kind: SavingKind, state: SessionState): Promise<void> {
  if (state.followed) return;
  const formerKey = takeFormerKey(state.hidden);
  if (formerKey !== undefined) await kind.store.update(formerKey, { expiresAt: kind.clock.now() + GRACE });
}
