/**
 * What does a session cost on Express, beside express-session and beside no session at all?
 *
 * `npm run bench`, or `npm run bench -- --quick` for a look in half a minute.
 */
import { cpus } from "node:os";
import { startRedis } from "../scripts/engines/index.mjs";
import { start } from "./child.ts";
import { BARE, CONTENDERS } from "./contenders.ts";
import { type Sizes, type Tally, tally } from "./counts.ts";
import { type Extent, type Sample, measure } from "./measure.ts";
import { commandsTable, cookiesTable, costTable, rivalsTable } from "./report.ts";
import { SCENARIOS } from "./scenarios.ts";
import { tap } from "./wiretap.ts";

/** Those of which one cookie is good for many requests. */
const ALL = SCENARIOS.filter(({ repeats }) => repeats !== false).map(({ name }) => name);
const FULL: Sizes & Extent = {
  requests: 4,
  bursts: 50,
  warmUp: 800,
  amount: 1000,
  rounds: 11,
  seconds: 100,
  timed: ALL,
};
const QUICK: Sizes & Extent = {
  requests: 2,
  bursts: 5,
  warmUp: 900,
  amount: 300,
  rounds: 3,
  seconds: 5,
  timed: ["S2", "S3", "S4"],
};

const sizes = process.argv.includes("--quick") ? QUICK : FULL;
const redis = await startRedis();
try {
  say(`Node ${process.version}, ${cpus().length} cores, Redis and the load on the same machine, over the loopback.`);
  say(SCENARIOS.map(({ name, title }) => `${name} ${title}`).join(" · "));
  const tallies = await tallyAll();
  say("Counted, for one request. S7: 16 requests at once, each with a key of its own, in one session.");
  say(commandsTable(tallies));
  say(cookiesTable(tallies));
  say(
    "Measured, as a multiple of Express alone in the same round: median (least–most). Machines are noisy: see the range.",
  );
  const samples = await measureAll();
  say(costTable("server CPU", samples, "cpu"));
  say(costTable("requests/s", samples, "rate"));
  say(rivalsTable(samples));
} finally {
  await redis.stop();
}

function say(text: string): void {
  console.log(`${text}\n`);
}

/** One contender after the other, so that what Redis hears is of one alone. */
async function tallyAll(): Promise<Tally[]> {
  const wire = await tap(redis.url);
  const children = await Promise.all(CONTENDERS.map((contender) => start(contender, redis.url, true)));
  const tallies: Tally[] = [];
  for (const child of children) {
    const asked = child.contender.store === "redis" ? () => wire.heard() : () => child.ask("calls");
    tallies.push(await tally(child, asked, sizes));
  }
  await Promise.all(children.map((child) => child.stop()));
  wire.stop();
  return tallies;
}

async function measureAll(): Promise<Sample[]> {
  const children = await Promise.all([BARE, ...CONTENDERS].map((contender) => start(contender, redis.url)));
  const samples = await measure(children, sizes);
  await Promise.all(children.map((child) => child.stop()));
  return samples;
}
