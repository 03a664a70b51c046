/** A process on a machine whose clock is wrong: `clock-worker.ts PLACE ADDRESS MILLISECONDS`. Uses the session of each cookie. */
import { createInterface } from "node:readline";
import { countIn, visitsAt } from "./clocks.ts";

const [place = "", address = "", ahead] = process.argv.slice(2);
const { now } = Date;
Date.now = () => now() + Number(ahead);

const { visits, close } = await visitsAt(place, address);
for await (const cookie of createInterface({ input: process.stdin })) {
  if (cookie === "end") break;
  console.log(JSON.stringify(await countIn(visits, cookie)));
}
await close();
process.stdin.destroy();
