/** One of the processes that `testWriters` starts: `dynamo-worker.ts URL TABLE PLAN`. */
import { dynamoStore } from "../../src/stores/dynamo.ts";
import { runWriters } from "../../src/testing/store-writers.ts";
import { clientOf } from "./dynamo-client.ts";

const [url = "", table = "", plan = ""] = process.argv.slice(2);
await runWriters(dynamoStore(clientOf(url), { table }), plan);
