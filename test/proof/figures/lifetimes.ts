import { type Store, sessions } from "../../../src/index.ts";
import { type ManualClock, manualClock } from "../../../src/testing/clock.ts";
import { keyOf } from "../../model/site.ts";
import type { Figure, Ground, Row } from "../figure.ts";
import { PLACES } from "../places.ts";

const DAY = 86_400;

/** In seconds: each has been too much for some engine, timer or cookie. */
const SPANS = [
  ["1 s", 1],
  ["30 d", 30 * DAY],
  ["30 d + 1 s", 30 * DAY + 1],
  ["400 d", 400 * DAY],
  ["10 y", 3652 * DAY],
] as const;

/** A millisecond before its end a session is there, and at its end it is not, whatever the store still holds. */
export const lifetimes: Figure = {
  goals: "G27",
  title: "a session lives to the millisecond as long as it should, and no longer",
  places: Object.keys(PLACES),
  times: { deep: 1000, short: 20 },
  columns: [
    "store",
    "lifetime",
    "sessions",
    "lost before",
    "accepted after",
    "still in the store then",
    "without an end",
  ],
  async run(ground) {
    const rows: Row[] = [];
    for (const [name, seconds] of SPANS) rows.push(await rowOf(ground, name, seconds));
    return rows;
  },
};

async function rowOf({ place, address, times }: Ground, name: string, seconds: number): Promise<Row> {
  const found = PLACES[place];
  if (!found) throw new Error(`there is no place of the name ${place}`);
  const warnings: Error[] = [];
  const warned = (warning: Error) => void (warning.name === "TimeoutOverflowWarning" && warnings.push(warning));
  process.on("warning", warned);
  const totals = { lost: 0, accepted: 0, held: 0, endless: 0 };
  const span = { clock: manualClock(), seconds };
  const { store, close } = await found.open(address, span.clock);
  try {
    for (let n = 0; n < times; n++) await liveOne(store, span, totals);
  } finally {
    process.off("warning", warned);
    await close();
  }
  const cells = [place, name, times, totals.lost, totals.accepted, totals.held, totals.endless];
  const isRight = totals.lost + totals.accepted + totals.endless + warnings.length === 0;
  return isRight ? { cells } : { cells, failure: `${place}: ${name}: ${cells.join(" ")} ${warnings.join(" ")}` };
}

type Totals = Record<"lost" | "accepted" | "held" | "endless", number>;

/** Lets one session live and die, by its own clock. */
async function liveOne(store: Store, { clock, seconds }: { clock: ManualClock; seconds: number }, totals: Totals) {
  clock.advance(Date.now() + AHEAD - clock.now());
  const timeouts = { idle: seconds, absolute: seconds };
  const visits = sessions<Record<string, unknown>>({ store, clock, timeouts, keys: KEYS, storeTimeout: 30 });
  const born = await visits.open({ cookie: undefined, secure: false });
  born["user"] = "ada";
  const { headers } = await visits.save(born);
  const cookie = headers.find(([name]) => name === "Set-Cookie")?.[1].split(";")[0];
  const isLive = async () => !(await visits.open({ cookie, secure: false })).isNew;
  const deadline = born.expiresAt ?? 0;
  const kept = await store.read(keyOf(born.id));
  if (!kept || kept.expiresAt > deadline + GRACE) totals.endless++;
  clock.advance(deadline - 1 - clock.now());
  if (!(await isLive())) totals.lost++;
  clock.advance(1);
  if (await isLive()) totals.accepted++;
  clock.advance(1);
  if (await isLive()) totals.accepted++;
  if (await store.read(keyOf(born.id))) totals.held++;
}

/** An engine's time goes on by itself: it is to hold a record for longer than sessions want it, not for shorter. */
const AHEAD = 60_000;

const KEYS = { current: "k0-aVeryLongAndRandomKey_for-proofs-only_42" };

/** How far an engine that counts whole seconds may be off, in milliseconds. */
const GRACE = 2500;
