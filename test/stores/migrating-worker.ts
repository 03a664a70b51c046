/** One of the processes that `testWriters` starts: `migrating-worker.ts URL PREFIX PLAN`. */
import { createClient } from "redis";
import { migratingStore } from "../../src/stores/migrating.ts";
import { redisStore } from "../../src/stores/redis.ts";
import { runWriters } from "../../src/testing/store-writers.ts";

const [url = "", prefix = "", plan = ""] = process.argv.slice(2);
const client = await createClient({ url }).connect();
const [from, to] = [redisStore(client, { prefix: `${prefix}old:` }), redisStore(client, { prefix: `${prefix}new:` })];
await runWriters(migratingStore(from, to), plan);
client.destroy();
