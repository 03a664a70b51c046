import type { Clock } from "../clock.ts";
import { SessionError } from "../errors.ts";
import type { Store } from "../store.ts";
import type { Settings } from "./config.ts";

/** Makes the store that a `SESSION_TYPE` names. */
type Open = (settings: Settings, clock: Clock) => Promise<Store>;

const STORES = new Map<string, Open>([
  ["redis", openRedis],
  ["filesystem", openFiles],
]);

/** What Flask-Session has and this package has not yet. */
const TO_COME = new Set(["memcached", "cachelib", "mongodb", "sqlalchemy", "postgresql", "dynamodb"]);

/**
 * The store of a `SESSION_TYPE`; what it needs is loaded and connected at the first request. Throws `CONFIG` for a type
 * that is not there.
 */
export function storeOf(type: string, settings: Settings, clock: Clock): Store {
  const open = STORES.get(type);
  if (open) return opening(() => open(settings, clock));
  const there = `use ${[...STORES.keys(), "null"].join(", ")}, or leave it out for Flask's signed cookie`;
  const missing = TO_COME.has(type) ? "needs a store that this version of flagon has not" : "is unknown";
  throw new SessionError("CONFIG", `SESSION_TYPE ${JSON.stringify(type)} ${missing}; ${there}`);
}

/** A store that is opened when first asked, and asked for again when that failed. */
function opening(open: () => Promise<Store>): Store {
  let opened: Promise<Store> | undefined;
  const store = () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
  return {
    create: async (key, entry) => (await store()).create(key, entry),
    read: async (key) => (await store()).read(key),
    update: async (key, change) => (await store()).update(key, change),
    delete: async (key) => (await store()).delete(key),
  };
}

async function openFiles({ fileDirectory, fileMode }: Settings, clock: Clock): Promise<Store> {
  const { fileStore } = await import("../stores/file.ts");
  return fileStore({ directory: fileDirectory, mode: fileMode, clock });
}

async function openRedis({ redis }: Settings, clock: Clock): Promise<Store> {
  const { redisStore } = await import("../stores/redis.ts");
  const client = typeof redis === "string" ? await connect(redis) : redis;
  return redisStore(client as Parameters<typeof redisStore>[0], { prefix: "", clock });
}

/** A client of our own for a URL: commands fail at once while the server is away, and the process may end. */
async function connect(url: string): Promise<object> {
  const { createClient } = await import("redis").catch((cause: unknown) => {
    throw new SessionError("CONFIG", "SESSION_REDIS is a URL, which needs a client: npm install redis, or give one", {
      cause,
    });
  });
  const client = createClient({ url, disableOfflineQueue: true });
  // Every command rejects with the error that counts; without a listener the client would end the process.
  client.on("error", () => undefined);
  await client.connect();
  client.unref();
  return client;
}
