import { GRACE } from "../renewal.ts";
import { type SessionState, stateOf } from "../state.ts";
import type { SavingKind } from "./stored.ts";
import { type Live, find } from "./stored-load.ts";

/** What a session has become, without a cookie that names it. */
export function findAgain(kind: SavingKind, state: SessionState): Promise<Live | undefined> {
  const { staleCookie, followed } = state;
  return find(kind, { id: nameOf(state), current: !staleCookie }, followed);
}

/** Tells when a record may have ended or moved. A former id leads on for a while only, so it has to be looked at before. */
export function watchRecord(kind: SavingKind, session: object, changed: () => void): () => void {
  const stop = kind.changes.on(kind.ids.keyOf(nameOf(stateOf(session))), changed);
  if (!kind.renewal || !Number.isFinite(kind.renewal.every)) return stop;
  const timer = setInterval(changed, GRACE / 2).unref();
  return () => {
    clearInterval(timer);
    stop();
  };
}

/** The id under which the session stands in the store. */
function nameOf({ formerId, id }: SessionState): string {
  return formerId ?? id;
}
