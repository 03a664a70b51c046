import type { DataHabits } from "../state.ts";
import { SessionState } from "../state.ts";
import type { SessionInterface } from "../interface.ts";
import { createSession } from "../session.ts";

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
  return {
    open(request) {
      const state = new SessionState({
        habits: HABITS,
        request,
        fingerprint: () => "",
        createId: () => "",
        readOnly: reason,
      });
      return Promise.resolve(createSession(state));
    },
    save: () => Promise.resolve({ result: "unchanged", conflicts: [], tries: 0, headers: [] }),
  };
}
