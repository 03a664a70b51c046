/**
 * Keeps entries in a store that was made for express-session or connect: connect-redis, connect-pg-simple,
 * connect-mongo and many more.
 *
 * A bridge, see `internal/bridge.ts`. Such a store cannot compare and swap, so this holds within one process only. It is
 * given what it takes for a session: a cookie, from which it derives how long to keep it, and a text.
 */
import { type ConnectStore, ask, isAbsence } from "../connect-store.ts";
import { SessionError } from "../errors.ts";
import type { Listable, Store, Sweepable } from "../store.ts";
import { bridgeOver, type BridgeOptions } from "./internal/bridge.ts";
import { NEVER } from "./internal/never.ts";

export type { ConnectStore } from "../connect-store.ts";

/** Whose time `expressStore` counts by. */
export type ExpressStoreOptions = BridgeOptions;

/**
 * Keeps entries in a store that was made for express-session. `list` and `deleteExpired` are there where it has `all`.
 *
 * Throws `CONFIG` when it is none.
 */
export function expressStore(
  store: ConnectStore,
  options: ExpressStoreOptions = {},
): Store & Partial<Listable & Sweepable> {
  checkStore(store);
  const shelf = {
    get: async (name: string) => recordIn(await ask(store, "get", name).catch(absent)),
    set: (name: string, text: string, life: number) => ask(store, "set", name, sessionOf(name, text, life)),
    remove: (name: string) => ask(store, "destroy", name),
  };
  return bridgeOver(
    store,
    typeof store.all === "function" ? { ...shelf, names: () => namesIn(store) } : shelf,
    options,
  );
}

function checkStore(store: unknown): void {
  const { get, set, destroy } = (store ?? {}) as Partial<ConnectStore>;
  if ([get, set, destroy].every((each) => typeof each === "function")) return;
  throw new SessionError(
    "CONFIG",
    "expressStore was given no store for express-session; give an instance of one, such as new RedisStore({ client })",
  );
}

/** What a store is given for a session. It derives the end from what it likes in the cookie, by the machine's time. */
function sessionOf(name: string, record: string, life: number): object {
  const expires = new Date(Math.min(Date.now() + life, NEVER));
  return { cookie: { originalMaxAge: life, maxAge: life, expires, httpOnly: true, path: "/" }, name, record };
}

/** The record in a session; whatever else was found is handed on, to be told of as none. */
function recordIn(session: unknown): unknown {
  return typeof session === "object" && session !== null && "record" in session ? session.record : session;
}

function absent(error: unknown): undefined {
  if (!isAbsence(error)) throw error;
}

async function* namesIn(store: ConnectStore): AsyncGenerator<string> {
  const sessions: ({ name?: unknown } | null)[] = Object.values((await ask(store, "all")) ?? {});
  for (const session of sessions) if (typeof session?.name === "string") yield session.name;
}
