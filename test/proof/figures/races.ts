import type { Figure, Ground, Row } from "../figure.ts";
import { PLACES } from "../places.ts";
import { type Kind, race } from "../race.ts";

const KINDS: Readonly<Record<Kind, string>> = { keys: "a key of its own", count: "`update` of one number" };

/** Four processes change one session at once. */
export const races: Figure = {
  goals: "G1 G2",
  title: "no lost update: four processes change one session",
  places: Object.keys(PLACES),
  times: { deep: 5000, short: 200 },
  columns: ["store", "changes", "acknowledged", "found", "refused once", "tries for a change", "most tries"],
  run: async (ground) => [await rowOf(ground, "keys"), await rowOf(ground, "count")],
};

async function rowOf({ place, address, times }: Ground, kind: Kind): Promise<Row> {
  const { acknowledged, found, refused, tries, mostTries } = await race(place, address, kind, times);
  const each = (tries / times).toFixed(1);
  const cells = [place, KINDS[kind], `${acknowledged} of ${times}`, found, refused, each, mostTries];
  const isExact = acknowledged === times && found === times;
  return isExact ? { cells } : { cells, failure: `${place}: ${found} found of ${times} that ${kind} made` };
}
