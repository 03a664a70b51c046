import type { Figure } from "../figure.ts";
import { PLACES } from "../places.ts";
import { COLUMNS, explore } from "../schedules/explore.ts";
import { type Cast, type Part, inTime, late } from "../schedules/play.ts";
import { type Choose, oneOf } from "../schedules/random.ts";

/** What takes a session to a new id. */
const MOVES: readonly Part[] = (["regenerates", "logs in"] as const).map(inTime);
/** What others do meanwhile with the id that it had. */
const UNDER_WAY: readonly Part[] = [
  ...(["writes", "updates", "flashes", "empties"] as const).map(inTime),
  late("does nothing"),
  ...MOVES,
];

const CASTS = MOVES.flatMap((one) =>
  UNDER_WAY.map((other): Cast => ({
    parts: [one, other],
    permanent: one.name === "logs in",
    races: false,
    renews: false,
  })),
);

/** Two requests take it to a new id, a third one is under way; calls may be made at the same time. */
function another(choose: Choose): Cast {
  const parts = [MOVES, MOVES, UNDER_WAY].map((among) => oneOf(among, choose));
  return { parts, permanent: choose(2) === 1, races: true, renews: false };
}

/** New ids for a session, asked for by several requests at once. */
export const rotations: Figure = {
  goals: "G4",
  title: "one id lives: several requests take a session to a new one",
  places: Object.keys(PLACES),
  times: { deep: 10_000, short: 250, slow: { mongo: 64 } },
  columns: COLUMNS,
  run: async (ground) => [await explore(ground, { casts: CASTS, another })],
};
