import type { SessionInterface } from "../interface.ts";
import { createSession } from "../session.ts";
import { type DataHabits, SessionState, type StateRules } from "../state.ts";
import { UNCHANGED } from "./kind.ts";

const HABITS: DataHabits = {
  tracked: true,
  keepsPermanent: false,
  pair: (category, message) => [category, message],
  isOurs: () => false,
};

/**
 * Sessions for an application that has no key or store yet: reading works and finds nothing, every write throws
 * `READ_ONLY` with this reason, no header is sent.
 */
export function nullSessions(reason: string): SessionInterface<Record<string, unknown>> {
  const rules: StateRules = {
    habits: HABITS,
    fingerprint: () => "",
    createId: () => "",
    isChanged: () => false,
    readOnly: reason,
  };
  return {
    open: (request) => Promise.resolve(createSession(new SessionState(rules, request))),
    save: () => Promise.resolve({ ...UNCHANGED, headers: [] }),
  };
}
