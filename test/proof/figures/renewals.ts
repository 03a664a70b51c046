import type { Figure } from "../figure.ts";
import { PLACES } from "../places.ts";
import { COLUMNS, explore } from "../schedules/explore.ts";
import { type Cast, type Part, inTime, late } from "../schedules/play.ts";
import { type Choose, oneOf } from "../schedules/random.ts";

/** Requests that find the id due for another. */
const RENEW: readonly Part[] = (["does nothing", "writes", "updates"] as const).map(late);
/** Others with the same id. */
const UNDER_WAY: readonly Part[] = [
  ...RENEW,
  ...(["does nothing", "writes", "updates", "regenerates", "logs in", "destroys", "empties"] as const).map(inTime),
];

const CASTS = RENEW.flatMap((one, n) =>
  UNDER_WAY.map((other): Cast => ({ parts: [one, other], permanent: n === 0, races: false, renews: true })),
);

/** Two requests renew the id, a third one is under way; calls may be made at the same time. */
function another(choose: Choose): Cast {
  const parts = [RENEW, RENEW, UNDER_WAY].map((among) => oneOf(among, choose));
  return { parts, permanent: choose(2) === 1, races: true, renews: true };
}

/** Ids that renew themselves while others use them. */
export const renewals: Figure = {
  goals: "G4",
  title: "nobody is logged out by an id that renews itself, and nobody follows it past a login or logout",
  places: Object.keys(PLACES),
  times: { deep: 10_000, short: 250, slow: { mongo: 64 } },
  columns: COLUMNS,
  run: async (ground) => [await explore(ground, { casts: CASTS, another })],
};
