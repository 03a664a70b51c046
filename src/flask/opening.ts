import type { Clock } from "../clock.ts";
import { type Guarded, inTime } from "../core/guard.ts";
import { SessionError } from "../errors.ts";
import type { Store, Sweepable } from "../store.ts";
import type { Settings } from "./config.ts";

/** Makes the store of a `SESSION_TYPE`: at once, or by a function that loads or connects what it needs and may fail. */
export type Open = (settings: Settings, clock: Clock) => Store | (() => Promise<Store>);

/** How long it may take to load a client and to connect it, in seconds. */
const CONNECT_TIMEOUT = 5;

/** Opens a store, or rejects with `STORE` when that fails or takes too long. */
export async function reach<Opened extends Store>(open: () => Promise<Opened>): Promise<Opened> {
  try {
    return await inTime(open, CONNECT_TIMEOUT);
  } catch (cause) {
    if (cause instanceof SessionError) throw cause;
    throw new SessionError("STORE", "the session store is out of reach", { cause });
  }
}

/**
 * A store that is opened now, and again by the next call whenever that failed. Where the store cannot sweep, nothing is
 * swept.
 */
export function opening(open: () => Promise<Guarded>): Store & Sweepable {
  let opened: Promise<Guarded> | undefined;
  let last: Guarded | undefined;
  const store = () => {
    opened ??= reach(open).then(
      (made) => (last = made),
      (error: unknown) => {
        opened = undefined;
        throw error;
      },
    );
    return opened;
  };
  // The first call tells of a failure, not the one that nobody waits for.
  store().catch(() => undefined);
  return {
    get capabilities() {
      return last?.capabilities ?? { swap: true };
    },
    create: async (key, entry) => (await store()).create(key, entry),
    read: async (key) => (await store()).read(key),
    update: async (key, change) => (await store()).update(key, change),
    delete: async (key) => (await store()).delete(key),
    deleteExpired: async () => (await (await store()).deleteExpired?.()) ?? 0,
  };
}

/** Loads an optional peer. Rejects with `CONFIG` where it is not installed, and says which one to install for which key. */
export async function load<Module>(key: string, peer: string, importing: Promise<Module>): Promise<Module> {
  try {
    return await importing;
  } catch (cause) {
    const mend = `${key} is a URL, which needs a client: npm install ${peer}, or give a client in its place`;
    throw new SessionError("CONFIG", mend, { cause });
  }
}
