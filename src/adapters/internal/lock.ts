import type { SessionInterface } from "../../core/interface.ts";
import { type LockOptions, checkedLock } from "../../core/lease.ts";
import { SessionError } from "../../errors.ts";

/** The option that several adapters have. */
export interface Lockable {
  /**
   * `true`, or for how long: each request has its session alone, from before the handler until it is saved, and others that
   * ask for that wait. For what cannot be run twice, such as a payment. Default: `false`.
   */
  lock?: boolean | LockOptions;
}

/** The option `lock`, if it is given. Throws `CONFIG` for a wrong one, and for sessions that cannot be locked. */
export function lockOf<T extends object>(
  sessions: SessionInterface<T>,
  lock: Lockable["lock"] = false,
): LockOptions | undefined {
  if (lock === false) return undefined;
  checkedLock(lock);
  if (sessions.lock) return lock === true ? {} : lock;
  throw new SessionError("CONFIG", "lock needs sessions() over a store: cookies and Flask's records cannot be locked");
}
