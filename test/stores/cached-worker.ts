/** One of the processes that `testWriters` starts: `cached-worker.ts KIND URL PLAN`. */
import { createClient } from "redis";
import { cachedStore } from "../../src/stores/cached.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { redisStore } from "../../src/stores/redis.ts";
import { runWriters } from "../../src/testing/store-writers.ts";

const [kind, url = "", plan = ""] = process.argv.slice(2);
const client = await createClient({ url, RESP: 3, emitInvalidate: true }).connect();
const far = kind === "tracked" ? redisStore(client, { tracking: client }) : redisStore(client);
await runWriters(cachedStore(memoryStore(), far), plan);
client.destroy();
