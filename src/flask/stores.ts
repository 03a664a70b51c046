import type { Clock } from "../clock.ts";
import { guarded, inTime } from "../core/guard.ts";
import { SessionError } from "../errors.ts";
import type { Store } from "../store.ts";
import { fileStore } from "../stores/file.ts";
import { redisStore } from "../stores/redis.ts";
import type { Settings } from "./config.ts";

/** Makes the store that a `SESSION_TYPE` names; `timeout` is that of each call, in seconds. */
type Open = (settings: Settings, clock: Clock, timeout: number) => Store;

const STORES = new Map<string, Open>([
  ["redis", openRedis],
  ["filesystem", openFiles],
]);

/** What Flask-Session has and this package has not yet. */
const TO_COME = new Set(["memcached", "cachelib", "mongodb", "sqlalchemy", "postgresql", "dynamodb"]);

/** How long it may take to load a client and to connect it, in seconds. */
const CONNECT_TIMEOUT = 5;

/**
 * The store of a `SESSION_TYPE`, which answers in time and fails with `STORE`. What a URL needs is loaded and connected
 * from here on, and the first requests wait for it. Throws `CONFIG` for a type that is not there.
 */
export function storeOf(type: string, settings: Settings, clock: Clock, timeout: number): Store {
  const open = STORES.get(type);
  if (open) return open(settings, clock, timeout);
  const there = `use ${[...STORES.keys(), "null"].join(", ")}, or leave it out for Flask's signed cookie`;
  const missing = TO_COME.has(type) ? "needs a store that this version of flagon has not" : "is unknown";
  throw new SessionError("CONFIG", `SESSION_TYPE ${JSON.stringify(type)} ${missing}; ${there}`);
}

function openFiles({ fileDirectory, fileMode }: Settings, clock: Clock, timeout: number): Store {
  return guarded(fileStore({ directory: fileDirectory, mode: fileMode, clock }), timeout);
}

function openRedis({ redis }: Settings, clock: Clock, timeout: number): Store {
  const storeOver = (client: object) => {
    return guarded(redisStore(client as Parameters<typeof redisStore>[0], { prefix: "", clock }), timeout);
  };
  return typeof redis === "string" ? opening(async () => storeOver(await connect(redis))) : storeOver(redis);
}

/** A store that is opened now, and again by the next call whenever that failed. */
function opening(open: () => Promise<Store>): Store {
  let opened: Promise<Store> | undefined;
  const store = () => {
    opened ??= inTime(open, CONNECT_TIMEOUT).catch((cause: unknown) => {
      opened = undefined;
      throw cause instanceof SessionError
        ? cause
        : new SessionError("STORE", "the session store is out of reach", { cause });
    });
    return opened;
  };
  // The first call tells of a failure, not the one that nobody waits for.
  store().catch(() => undefined);
  return {
    create: async (key, entry) => (await store()).create(key, entry),
    read: async (key) => (await store()).read(key),
    update: async (key, change) => (await store()).update(key, change),
    delete: async (key) => (await store()).delete(key),
  };
}

/**
 * A client of our own for a URL. It rejects at once while there is no server, commands fail at once whenever the server
 * is away later, and the process may end.
 */
async function connect(url: string): Promise<object> {
  const { createClient } = await import("redis").catch((cause: unknown) => {
    const mend = "SESSION_REDIS is a URL, which needs a client: npm install redis, or give a client in its place";
    throw new SessionError("CONFIG", mend, { cause });
  });
  const client = createClient({ url, disableOfflineQueue: true });
  client.unref();
  const connecting = client.connect();
  connecting.catch(() => undefined);
  try {
    await new Promise((resolve, reject) => {
      // Later on the listener keeps the client from ending the process: each command rejects with the error that counts.
      client.on("error", reject);
      connecting.then(resolve, reject);
    });
  } catch (error) {
    client.destroy();
    throw error;
  }
  return client;
}
