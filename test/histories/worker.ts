/** One of the processes of a run with faults: `worker.ts PLAN`. */
import { takePart } from "./run.ts";

await takePart(process.argv[2] ?? "");
// node-redis that is told to end while it connects again, as it may after a cut, goes on with that connection.
process.exit();
