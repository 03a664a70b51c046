import type { Data } from "../codecs/codec.ts";
import { SessionError } from "../errors.ts";
import { millisecondsOf } from "./expiry.ts";
import { randomId } from "./id.ts";
import { checkOptions } from "./options.ts";

/** How a request has a session for itself. */
export interface LockOptions {
  /**
   * The longest that the request may take, in seconds. After that another may have the session, and what this one changed
   * is refused with `CONFLICT`. Default: 30.
   */
  lease?: number;
  /** The longest that it waits for others, in seconds; then it is refused with `CONFLICT`. Default: 10. */
  wait?: number;
}

/** Options as they were checked, in milliseconds. */
export interface Lock {
  readonly lease: number;
  readonly wait: number;
}

/** Checks the option `lock`: `true` stands for the defaults. Throws `CONFIG` for anything that is none. */
export function checkedLock(lock: LockOptions | true): Lock {
  const options = lock === true ? {} : lock;
  checkOptions("lock", options, ["lease", "wait"]);
  return {
    lease: millisecondsOf("lock.lease", options.lease ?? 30),
    wait: millisecondsOf("lock.wait", options.wait ?? 10),
  };
}

/** Whose a session is, and until when, in a record: no application sees it. */
export const LEASE_KEY = "_lease";

/** A lease that a request has, or asks for. */
export interface Lease {
  readonly token: string;
  /** Whether it is had. */
  isHeld: boolean;
}

const TOKEN_BYTES = 9;

/** Another request has the session for itself. */
export class Leased extends Error {}

/** Puts a new lease into the data of a session. */
export function newLease(bookkeeping: Data, until: number): Lease {
  const token = randomId(TOKEN_BYTES);
  bookkeeping.set(LEASE_KEY, [token, until]);
  return { token, isHeld: false };
}

/**
 * Holds a lease against what stands in the store. Throws `Leased` for one that is asked for and another's, and `CONFLICT`
 * for one that was had and is lost: whoever was slower than it may write no more.
 */
export function checkLease(lease: Lease | undefined, theirs: Data, now: number): void {
  if (!lease) return;
  const [token, until] = leaseIn(theirs);
  if (token === lease.token) return;
  if (lease.isHeld) throw new SessionError("CONFLICT", "the request took longer than its lock, which is another's now");
  if (until > now) throw new Leased("another request has the session for itself");
}

function leaseIn(data: Data): [token: unknown, until: number] {
  const lease = data.get(LEASE_KEY);
  return Array.isArray(lease) ? [lease[0], Number(lease[1])] : [undefined, 0];
}
