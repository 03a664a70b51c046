/** One of the processes that `testWriters` starts: `sql-worker.ts ENGINE URL TABLE PLAN`. */
import { sqlStore } from "../../src/stores/sql.ts";
import { runWriters } from "../../src/testing/store-writers.ts";
import { type Engine, openers } from "./sql-databases.ts";

const [name = "", url = "", table = "", plan = ""] = process.argv.slice(2);
const db = openers[name as Engine](url);
await runWriters(sqlStore(db, JSON.parse(table)), plan);
await db.destroy();
