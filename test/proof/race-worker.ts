/** One of the processes that a race starts: `race-worker.ts PLAN`. */
import { takePart } from "./race.ts";

await takePart(process.argv[2] ?? "");
