/** The processes that figures about disks start: `disk-worker.js JOB PLAN`. */
import { count } from "./crowd.ts";
import { press } from "./pressed.ts";
import { takeSteps } from "./steps.ts";
import { write } from "./writers.ts";

const jobs: Record<string, (plan: string) => Promise<void>> = { write, count, press, steps: takeSteps };

const [job = "", plan = ""] = process.argv.slice(2);
await jobs[job]?.(plan);
