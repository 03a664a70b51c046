import type { Codec } from "../../codecs/codec.ts";
import type { Clock } from "../../clock.ts";
import type { SessionCookie } from "../cookie.ts";
import { type Draft, draftOf, fingerprintBy } from "../draft.ts";
import type { Facts, Habits } from "../habits.ts";
import type { Outcome, Saved } from "../interface.ts";
import { type Session, createSession, dataOf, fill } from "../session.ts";
import { type SessionState, type StateRules, stateOf } from "../state.ts";

/** What every kind of session is made of. */
export interface Kind {
  codec: Codec;
  clock: Clock;
  cookie: SessionCookie;
  habits: Habits;
}

/** The rules of a kind's sessions, made once. */
export function rulesOf(
  { codec, habits }: Kind,
  rules: Pick<StateRules, "createId" | "notUpdatable" | "swaps">,
): StateRules {
  return {
    ...rules,
    habits,
    fingerprint: fingerprintBy(codec),
    isChanged: (session) => {
      const { loaded } = stateOf(session);
      return loaded ? draftOf(session, codec).modified : !habits.isEmpty(dataOf(session));
    },
  };
}

/** A new session over its state. */
export function begin({ clock, habits }: Kind, state: SessionState): Session<Record<string, unknown>> {
  const session = createSession(state);
  state.createdAt = clock.now();
  fill(session, habits.begin(state.createdAt));
  return session;
}

/** Whether a session without data is to end now: it had some, or was said to be changed. */
export function endsEmpty(state: SessionState, draft: Draft): boolean {
  return state.loaded ? draft.modified : state.modified === true;
}

/** What is known of a session at its save. */
export function factsOf(state: SessionState, draft: Draft | undefined, now: number): Facts {
  const plain = state.plain as { _permanent?: unknown };
  return {
    now,
    isNew: state.isNew,
    modified: draft?.modified === true,
    permanent: (draft ? draft.data.get("_permanent") : plain._permanent) === true,
    createdAt: state.createdAt ?? now,
    expiresAt: state.loaded?.expiresAt,
    staleCookie: state.staleCookie,
  };
}

/** The outcome of a save to which nothing happened. */
export const UNCHANGED: Outcome = { result: "unchanged", conflicts: [], tries: 0 };

/** A save's answer: the outcome, and the fields that tell browsers and caches of it. */
export function answer({ habits, cookie }: Kind, state: SessionState, outcome: Outcome, line?: string): Saved {
  const setCookie = line ?? (state.ambiguous ? cookie.remove(state.request) : undefined);
  const headers: [string, string][] = [];
  if (setCookie !== undefined) headers.push(["Set-Cookie", setCookie]);
  if (setCookie !== undefined && habits.guardsCaches) headers.push(["Cache-Control", "no-store"]);
  if (setCookie !== undefined || state.accessed) headers.push(["Vary", "Cookie"]);
  return { ...outcome, headers };
}

/** The answer to a session that ended: its cookie goes, if there was one. */
export function answerEnd(kind: Kind, state: SessionState, outcome: Outcome): Saved {
  const removed = state.presented || kind.habits.removesAlways;
  return answer(kind, state, outcome, removed ? kind.cookie.remove(state.request) : undefined);
}
