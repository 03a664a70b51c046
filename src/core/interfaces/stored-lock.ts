import { SessionError } from "../../errors.ts";
import { draftOf } from "../draft.ts";
import { LEASE_KEY, Leased, type Lock, newLease } from "../lease.ts";
import { type SessionState, stateOf } from "../state.ts";
import type { SavingKind } from "./stored.ts";
import { change, rulesFor } from "./stored-write.ts";

/** Who waits looks again after so many milliseconds, and up to as many more. */
const PAUSE = 20;

/**
 * Waits until no other request has the session for itself, and has it then, with what was changed so far saved. A session
 * without a record is nobody else's yet.
 */
export async function lockSession(kind: SavingKind, session: object, { lease, wait }: Lock): Promise<void> {
  const start = performance.now();
  let standing: Uint8Array | undefined;
  while (!(await isTaken(kind, session, lease, standing))) {
    if (performance.now() - start >= wait) {
      throw new SessionError("CONFLICT", `another request had the session for itself for ${wait / 1000} s`);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE * (1 + Math.random())));
    standing = await lookAgain(kind, stateOf(session));
  }
}

/** What stands in the store by now, under whatever id the session has by now. */
async function lookAgain(kind: SavingKind, state: SessionState): Promise<Uint8Array> {
  const key = kind.ids.keyOf(state.id);
  const entry = await kind.store.read(key);
  if (!entry) throw endedElsewhere();
  const salt = rulesFor(kind, key).saltIn?.(entry.value);
  if (salt === undefined) return entry.value;
  state.follow(salt);
  return lookAgain(kind, state);
}

function endedElsewhere(): SessionError {
  return new SessionError("GONE", "the session ended elsewhere, so it cannot be locked");
}

/** Whether the session is this request's now. */
async function isTaken(
  kind: SavingKind,
  session: object,
  duration: number,
  standing: Uint8Array | undefined,
): Promise<boolean> {
  const state = stateOf(session);
  const { loaded, staleCookie } = state;
  state.accessed = true;
  if (!loaded || state.lease) return true;
  state.lease = newLease(state.hidden, kind.clock.now() + duration);
  try {
    const { result } = await change(kind, session, loaded, draftOf(session, kind.codec), standing);
    if (result === "gone") throw endedElsewhere();
    state.lease.isHeld = true;
    // The response that is to come tells the browser.
    state.staleCookie ||= staleCookie;
    return true;
  } catch (error) {
    state.hidden.delete(LEASE_KEY);
    state.lease = undefined;
    if (error instanceof Leased) return false;
    throw error;
  }
}
