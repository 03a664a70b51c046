import type { LockOptions } from "../../core/lease.ts";
import { warnOnce } from "../../events.ts";

const BEGUN = Symbol("flagon.begun");

/** What a request's session can be told once more. */
interface Begun {
  lock(lock: LockOptions): Promise<void>;
}

type Home = { [BEGUN]?: Begun };

/** Notes that a request has its session. `host`: what stands for the request in its framework. */
export function noteBegun(host: object, begun: Begun): void {
  (host as Home)[BEGUN] = begun;
}

/**
 * Whether a request has its session already. Then middleware locks it, for a route of an application that opens it for all;
 * where it is to do nothing, it says so once.
 */
export async function hasBegun(host: object, lock: LockOptions | undefined): Promise<boolean> {
  const begun = (host as Home)[BEGUN];
  if (!begun) return false;
  if (lock) await begun.lock(lock);
  else warnOnce("FLAGON_TWICE", "session() is used twice for one request and the second does nothing; app.use it once");
  return true;
}
