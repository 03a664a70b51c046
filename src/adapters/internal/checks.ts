import type { SessionInterface } from "../../core/interface.ts";
import { SessionError } from "../../errors.ts";
import { warnOnce } from "../../events.ts";

/** Throws `CONFIG` for what is no session interface: nothing, a store, options. */
export function checkedSessions(sessions: unknown): void {
  const { open, save } = (sessions ?? {}) as Partial<SessionInterface>;
  if (typeof open === "function" && typeof save === "function") return;
  throw new SessionError(
    "CONFIG",
    "session needs sessions first: what sessions(), cookieSessions() or flaskSession() gave",
  );
}

const MOUNTED = Symbol("flagon.mounted");

/** Whether the middleware runs a second time for one request, which is told once. `host`: what stands for the request. */
export function comesTwice(host: object): boolean {
  const home = host as { [MOUNTED]?: true };
  if (home[MOUNTED]) {
    warnOnce("FLAGON_TWICE", "session() is used twice for one request and the second does nothing; app.use it once");
    return true;
  }
  home[MOUNTED] = true;
  return false;
}
