/** One of the processes that `testWriters` starts: `redis-worker.ts CLIENT URL PLAN`. */
import { redisStore } from "../../src/stores/redis.ts";
import { runWriters } from "../../src/testing/store-writers.ts";
import { clients } from "./redis-clients.ts";

const [name = "", url = "", plan = ""] = process.argv.slice(2);
const lent = await clients[name]?.(url);
if (lent === undefined) throw new Error(`there is no client of the name ${name}`);
await runWriters(redisStore(lent.client), plan);
lent.stop();
