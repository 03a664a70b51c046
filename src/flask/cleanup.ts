import { setImmediate as nextTurn } from "node:timers/promises";
import type { SessionInterface } from "../core/interface.ts";
import { report } from "../events.ts";
import type { Sweepable } from "../store.ts";

/** How it is cleaned up, and how often. */
export interface Cleanup extends Sweepable {
  /** `SESSION_CLEANUP_N_REQUESTS`. */
  requests: number;
  /** From 0 to 1. Default: `Math.random`. */
  random?: () => number;
}

/**
 * Sessions that clean up as Flask-Session does: each request may begin a sweep, with a chance of 1 in `requests + 1`.
 *
 * Flask has the request wait for it. Here it runs beside the request, one at a time, and an event tells when it failed.
 */
export function cleaning<T extends object>(sessions: SessionInterface<T>, cleanup: Cleanup): SessionInterface<T> {
  const { requests, random = Math.random } = cleanup;
  let sweeping = false;
  const sweep = async () => {
    sweeping = true;
    try {
      // What a sweep does at once, it does behind the request's handler.
      await nextTurn();
      await cleanup.deleteExpired();
    } catch (error) {
      report({ type: "failed", error });
    } finally {
      sweeping = false;
    }
  };
  return {
    ...sessions,
    async open(request) {
      const session = await sessions.open(request);
      if (!sweeping && random() * (requests + 1) < 1) void sweep();
      return session;
    },
  };
}
