/** One of the processes that `testWriters` starts: `mongo-worker.ts DATABASE URL PLAN`. */
import { MongoClient } from "mongodb";
import { mongoStore } from "../../src/stores/mongo.ts";
import { runWriters } from "../../src/testing/store-writers.ts";

const [database, url = "", plan = ""] = process.argv.slice(2);
const client = new MongoClient(url);
await runWriters(mongoStore(client.db(database).collection("shared")), plan);
await client.close();
