import type { SessionInterface } from "../../core/interface.ts";
import { SessionError } from "../../errors.ts";

const MEND = "give it what sessions(), cookieSessions() or flaskSession() gives";

/** Throws `CONFIG` for what is no `SessionInterface`. `example`: how an adapter is given one, if not as its first argument. */
export function checkSessions(sessions: unknown, example?: string): void {
  const { open, save } = (sessions ?? {}) as Partial<SessionInterface>;
  if (typeof open === "function" && typeof save === "function") return;
  const mend = example === undefined ? MEND : `${MEND}: ${example}`;
  throw new SessionError("CONFIG", `session has ${nameOf(sessions)} for its sessions; ${mend}`);
}

/** What was given, by what it most likely is. */
function nameOf(given: unknown): string {
  const { create, then } = (given ?? {}) as { create?: unknown; then?: unknown };
  if (typeof create === "function") return "a store";
  if (typeof then === "function") return "a promise that was not awaited";
  return given === undefined || given === null ? "nothing" : `no sessions but ${typeof given}`;
}
