import type { Figure } from "../figure.ts";
import { PLACES } from "../places.ts";
import { COLUMNS, explore } from "../schedules/explore.ts";
import { type Cast, type Part, inTime, late } from "../schedules/play.ts";
import { type Choose, oneOf } from "../schedules/random.ts";

/** What a request does while another one ends the session, or takes it to a new id. */
const UNDER_WAY: readonly Part[] = [
  ...(["does nothing", "writes", "updates", "flashes", "regenerates", "logs in"] as const).map(inTime),
  late("does nothing"),
  late("writes"),
];
const ENDS: readonly Part[] = (["destroys", "empties", "logs in"] as const).map(inTime);

const CASTS = UNDER_WAY.flatMap((part, n) =>
  ENDS.map((end): Cast => ({ parts: [part, end], permanent: n % 2 === 0, races: false, renews: false })),
);

/** Two requests are under way, and the third one ends the session; calls may be made at the same time. */
function another(choose: Choose): Cast {
  const parts = [UNDER_WAY, UNDER_WAY, ENDS].map((among) => oneOf(among, choose));
  return { parts, permanent: choose(2) === 1, races: true, renews: false };
}

/** Ends of a session that others are at work on. */
export const revivals: Figure = {
  goals: "G3",
  title: "no dead session revived: others are at work on it when it ends or moves",
  places: Object.keys(PLACES),
  times: { deep: 10_000, short: 500, slow: { mongo: 125 } },
  columns: COLUMNS,
  run: async (ground) => [await explore(ground, { casts: CASTS, another })],
};
