/**
 * What does a store cost beside the client that it was given, how much does it take for a session, and who notices when
 * it sweeps?
 *
 * `npm run bench:stores`, or with the names of some: `npm run bench:stores -- redis file`. `--quick` is for a look,
 * `--sessions 1000` for fewer of them.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { systemClock } from "flagon";
import { type Crowd, crowdOf, forward } from "./stores/crowd.ts";
import { VALUE_BYTES } from "./stores/load.ts";
import { type Extent, type Rate, ratesOf } from "./stores/rates.ts";
import { crowdTable, ratesTable, type Seen, speedTable, tripsTable } from "./stores/report.ts";
import { type Engine, nowhere, type Subject } from "./stores/subject.ts";
import { SUBJECTS } from "./stores/subjects.ts";
import { listenIn, type Trips, tripsOf } from "./stores/trips.ts";

const FULL: Extent & { sessions: number } = { calls: 2000, rounds: 11, warmUp: 3, sessions: 100_000 };
const QUICK: Extent & { sessions: number } = { calls: 500, rounds: 3, warmUp: 1, sessions: 10_000 };

const { values: options, positionals: names } = parseArgs({
  options: { quick: { type: "boolean" }, sessions: { type: "string" } },
  allowPositionals: true,
});
const extent = options.quick ? QUICK : FULL;
const sessions = Number(options.sessions ?? extent.sessions);
const asked = SUBJECTS.filter(({ name }) => names.length === 0 || names.includes(name));
const seen: Seen[] = [];
for (const subject of asked) {
  console.error(`${subject.title} …`);
  // One that fails leaves the figures of the others.
  await look(subject).then(
    (each) => seen.push(each),
    (error: unknown) => console.error(subject.title, error),
  );
}

say(`Node ${process.version}, ${cpus().length} cores, engines and load on the same machine, over the loopback.`);
say("Counted, for one call.");
say(tripsTable(seen));
say(
  `Measured, with ${VALUE_BYTES} bytes in a session and up to 32 calls at once: ours ÷ the client alone, median (least–most).`,
);
say(ratesTable("calls/s", seen, "ratio"));
say(ratesTable("CPU here", seen, "cpu"));
say(speedTable(seen));
say("Many sessions, half of them expired then; a request reads a session over HTTP.");
say(crowdTable(seen));

function say(text: string): void {
  console.log(`${text}\n`);
}

async function look(subject: Subject): Promise<Seen> {
  const { title, calls = extent.calls } = subject;
  // First, while there is no garbage in the memory of this process.
  const crowd = await crowdIn(subject);
  const engine = await subject.start();
  try {
    const rates = await rate(subject, engine, calls);
    const trips = await countTrips(subject, engine);
    return { title, calls, crowd, rates, ...(trips && { trips }) };
  } finally {
    await engine.stop();
  }
}

async function rate(subject: Subject, { url }: Engine, calls: number): Promise<Rate[]> {
  const connection = await subject.connect(url, systemClock);
  const rates = await ratesOf(connection, { ...extent, calls });
  await connection.close();
  return rates;
}

async function countTrips(subject: Subject, { url }: Engine): Promise<Trips | undefined> {
  if (subject.start === nowhere || url.startsWith("file:")) return undefined;
  const line = await listenIn(url);
  const { store, close } = await subject.connect(line.url, systemClock);
  const trips = await tripsOf(store, line);
  await close();
  line.stop();
  return trips;
}

/** On an engine that nobody has used yet. */
async function crowdIn(subject: Subject): Promise<Crowd> {
  const [engine, clock] = [await subject.start(), forward()];
  try {
    const connection = await subject.connect(engine.url, clock);
    const told = await crowdOf(connection, clock, Math.min(sessions, subject.sessions ?? sessions));
    await connection.close();
    return told;
  } finally {
    await engine.stop();
  }
}
