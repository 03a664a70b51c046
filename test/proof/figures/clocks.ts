import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Peer, peer } from "../../../src/testing/internal/peer.ts";
import type { Store } from "../../../src/index.ts";
import { keyOf } from "../../model/site.ts";
import { IDLE, countIn, visitsAt } from "../clocks.ts";
import type { Figure, Ground, Row } from "../figure.ts";
import { PLACES } from "../places.ts";

const WORKER = fileURLToPath(new URL("../clock-worker.ts", import.meta.url));

/** By how many seconds the other machine's clock is wrong. */
const SKEWS = [300, -300];

/** Stores that are told how long a record lives. The others are told until when, and are off by as much as the clocks. */
const TOLD_A_SPAN = new Set(["redis", "memcached"]);

/** How far a life may be off beside that, in seconds: some engines count whole ones, and time goes on. */
const GRACE = 10;

/** Who shares sessions with a machine whose clock is wrong loses none of them. */
export const clocks: Figure = {
  goals: "G32",
  title: "machines whose clocks differ: a life is as long as it should be, or off by no more than they are",
  places: Object.keys(PLACES),
  times: { deep: 200, short: 5 },
  columns: [
    "store",
    "a clock is wrong by",
    "sessions",
    "lost",
    "their life after it was there",
    "and after it was here",
  ],
  async run(ground) {
    const rows: Row[] = [];
    for (const skew of SKEWS) rows.push(await rowOf(ground, skew));
    return rows;
  },
};

async function rowOf({ place, address, times }: Ground, skew: number): Promise<Row> {
  const { visits, store, close } = await visitsAt(place, address);
  const args = ["--import", "tsx", WORKER, place, address, String(skew * 1000)];
  const other = peer(spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] }));
  const lives: { there: number; here: number }[] = [];
  let lost = 0;
  try {
    for (let n = 0; n < times; n++) {
      const { cookie, id } = await countIn(visits, undefined);
      await countThere(other, cookie);
      const there = await lifeOf(store, id);
      const { count } = await countIn(visits, cookie);
      lives.push({ there, here: await lifeOf(store, id) });
      if (count !== 3) lost++;
    }
  } finally {
    other.say("end");
    await other.over();
    await close();
  }
  const bound = TOLD_A_SPAN.has(place) ? 0 : Math.abs(skew);
  const isOff = lives.some(({ there, here }) => off(there) > bound + GRACE || off(here) > GRACE);
  const cells = [
    place,
    `${skew} s`,
    times,
    lost,
    range(lives.map((each) => each.there)),
    range(lives.map((each) => each.here)),
  ];
  return lost > 0 || isOff ? { cells, failure: cells.join(" ") } : { cells };
}

async function countThere(other: Peer, cookie: string): Promise<void> {
  other.say(cookie);
  await other.hear();
}

/** How many seconds a session has to live, by this machine's clock. */
async function lifeOf(store: Store, id: string): Promise<number> {
  const entry = await store.read(keyOf(id));
  return entry ? (entry.expiresAt - Date.now()) / 1000 : 0;
}

const off = (life: number) => Math.abs(life - IDLE);

function range(lives: readonly number[]): string {
  return `${Math.floor(Math.min(...lives))}–${Math.ceil(Math.max(...lives))} s`;
}
