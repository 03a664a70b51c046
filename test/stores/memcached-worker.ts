/** One of the processes that `testWriters` starts: `memcached-worker.ts SERVER PLAN`. The client lets it end. */
import { memcachedClient, memcachedStore } from "../../src/stores/memcached.ts";
import { runWriters } from "../../src/testing/store-writers.ts";

const [server = "", plan = ""] = process.argv.slice(2);
await runWriters(memcachedStore(memcachedClient(server)), plan);
