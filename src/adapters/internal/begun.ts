import type { ServerResponse } from "node:http";
import type { LockOptions } from "../../core/lease.ts";
import { warnOnce } from "../../events.ts";

/** What an application did to have the middleware, and how it does so once, for the warnings. */
export interface Mount {
  readonly use: string;
  readonly mend: string;
}

const BY_USE: Mount = { use: "session()", mend: "app.use it" };

/** Whether the first byte of a response has left, so that middleware can do nothing any more, of which it warns once. */
export function comesTooLate({ headersSent }: ServerResponse, { use, mend }: Mount = BY_USE): boolean {
  if (headersSent) {
    warnOnce("FLAGON_BEGUN", `${use} came after the response had begun and does nothing; ${mend} earlier`);
  }
  return headersSent;
}

/** What a session that a request has already can be told. */
export interface Begun {
  lock(lock: LockOptions): Promise<void>;
}

/**
 * What middleware does for a request that has its session already: it locks it, for a route of an application that opens it
 * for all. Where that is not asked for it does nothing, and says so once.
 */
export async function beginAgain(begun: Begun, lock: LockOptions | undefined, mount: Mount = BY_USE): Promise<void> {
  if (lock) return begun.lock(lock);
  const { use, mend } = mount;
  warnOnce("FLAGON_TWICE", `${use} is used twice for one request and the second does nothing; ${mend} once`);
}

const BEGUN = Symbol("flagon.begun");

type Home = { [BEGUN]?: Map<string, Begun> };

/** The session that was noted under a name for `host`: what stands for the request where that is none of Node's. */
export function begunOn(host: object, property: string): Begun | undefined {
  return (host as Home)[BEGUN]?.get(property);
}

/** Notes a session of a request. Whether it is the first, which is what code below the handler finds. */
export function noteBegun(host: object, property: string, begun: Begun): boolean {
  const noted = ((host as Home)[BEGUN] ??= new Map());
  return noted.set(property, begun).size === 1;
}
