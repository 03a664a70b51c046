/** Plays casts in every order, then others in random ones, many sessions at the same time. */
import type { Store } from "../../../src/index.ts";
import { PLACES } from "../places.ts";
import type { Ground, Row } from "../figure.ts";
import { type Verdict, judge } from "./judge.ts";
import { everyOrder, manyAtOnce } from "./orders.ts";
import { type Cast, play } from "./play.ts";
import { type Choose, chooseBy } from "./random.ts";

/** What is to be explored. */
export interface Exploration {
  /** Each is played in every order, as far as there is time. */
  readonly casts: readonly Cast[];
  /** Another one, for a random order. */
  another(choose: Choose): Cast;
}

/** What came out. */
interface Explored {
  played: number;
  /** How many casts were played in all their orders. */
  exhausted: number;
  endedElsewhere: number;
  /** How often each outcome was told. */
  readonly results: Record<string, number>;
  readonly failures: string[];
}

const AT_ONCE = 25;
/** The share of the schedules that goes to casts in every order. */
const IN_ORDER = 0.7;
/** The requests of a cast, and whoever begins the session and looks at it afterwards. */
const CLIENTS = 4;

/** What `explore` tells in its row. */
export const COLUMNS = [
  "store",
  "schedules",
  "casts in every order",
  "requests saved",
  "told that it is gone",
  "wrong",
  "ended under an id it had left",
];

/** Plays `times` schedules: some of them in every order, the others in random ones by the seed. */
export async function explore(ground: Ground, exploration: Exploration): Promise<Row> {
  const { played, exhausted, results, failures, endedElsewhere } = await exploreAll(ground, exploration);
  const count = (...of: (keyof typeof results)[]) => of.reduce((sum, result) => sum + (results[result] ?? 0), 0);
  const casts = `${exhausted} of ${exploration.casts.length}`;
  const [saved, gone] = [count("saved", "merged"), count("gone", "GONE")];
  const cells = [ground.place, played, casts, saved, gone, failures.length, endedElsewhere];
  const [failure] = failures;
  return failure === undefined
    ? { cells }
    : { cells, failure: `${ground.place}: ${failures.length} wrong: ${failure}` };
}

async function exploreAll({ place, address, times, seed }: Ground, { casts, another }: Exploration) {
  const found = PLACES[place];
  if (!found) throw new Error(`there is no place of the name ${place}`);
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => found.open(address)));
  const stores = clients.map(({ store }) => store);
  const explored: Explored = { played: 0, exhausted: 0, endedElsewhere: 0, results: {}, failures: [] };
  let [begun, next] = [0, 0];
  const inEveryOrder = async (cast: Cast) => {
    for (const choose of everyOrder()) {
      if (begun >= times * IN_ORDER) return;
      begun++;
      await playOne(stores, cast, choose, explored);
    }
    explored.exhausted++;
  };
  const atRandom = (n: number) => {
    const choose = chooseBy(seed * 100_003 + n);
    return playOne(stores, another(choose), choose, explored, `seed ${seed}, play ${n}: `);
  };
  try {
    await manyAtOnce(AT_ONCE, () => {
      const cast = casts[next++];
      if (cast) return inEveryOrder(cast);
      return begun < times ? atRandom(begun++) : undefined;
    });
  } finally {
    for (const { close } of clients) await close();
  }
  return explored;
}

async function playOne(stores: readonly Store[], cast: Cast, choose: Choose, explored: Explored, seed = "") {
  const played = await play(cast, choose, stores);
  const { wrongs, endedElsewhere }: Verdict = await judge(cast, played, stores[0] as Store);
  explored.played++;
  if (endedElsewhere) explored.endedElsewhere++;
  for (const { result } of played.told) explored.results[result] = (explored.results[result] ?? 0) + 1;
  const parts = played.told.map(({ actor, part, result }) => `${actor} ${part} (${result})`).join(", ");
  const how = `${seed}${parts}${cast.permanent ? ", permanent" : ""}; ${played.trace}`;
  explored.failures.push(...wrongs.map((wrong) => `${wrong}; ${how}`));
}
