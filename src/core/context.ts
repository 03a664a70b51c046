import { AsyncLocalStorage } from "node:async_hooks";
import { SessionError } from "../errors.ts";
import { type Current, runHandlersBy } from "./ambient.ts";
import type { Session } from "./session.ts";

const storage = new AsyncLocalStorage<Current>();
runHandlersBy((current, handler) => storage.run(current, handler));

function currentSession(): object {
  const current = storage.getStore();
  if (!current) {
    throw new SessionError(
      "CONTEXT",
      "session is used outside of a request; use it below a handler that an adapter serves",
    );
  }
  const session = current();
  if (session) return session;
  throw new SessionError("CONTEXT", "the request's session is not loaded yet; await it once with load: 'lazy'");
}

/**
 * The session of the request that is being served, as Flask's `session`. Throws `CONTEXT` outside of a request.
 *
 * Reads and writes go to that session; the object itself holds nothing.
 */
export const session: Session = new Proxy(Object.create(null) as Session, {
  get: (_none, key) => readFrom(currentSession(), key),
  set: (_none, key, value) => Reflect.set(currentSession(), key, value),
  has: (_none, key) => Reflect.has(currentSession(), key),
  deleteProperty: (_none, key) => Reflect.deleteProperty(currentSession(), key),
  ownKeys: () => Reflect.ownKeys(currentSession()),
  getOwnPropertyDescriptor: (_none, key) => Reflect.getOwnPropertyDescriptor(currentSession(), key),
  defineProperty: (_none, key, descriptor) => Reflect.defineProperty(currentSession(), key, descriptor),
});

/** A control works on the session that it was taken from. */
function readFrom(current: object, key: PropertyKey): unknown {
  const value: unknown = Reflect.get(current, key);
  return typeof value === "function" ? (value.bind(current) as unknown) : value;
}
