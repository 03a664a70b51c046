/** One of the processes of a run with faults: `worker.ts PLAN`. */
import { takePart } from "./run.ts";

await takePart(process.argv[2] ?? "");
