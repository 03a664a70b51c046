import { runHistories } from "../../histories/run.ts";
import type { Figure } from "../figure.ts";
import { PLACES } from "../places.ts";

/** What four processes saw of a few sessions, over a line that is slow, breaks and loses replies. */
export const histories: Figure = {
  goals: "G6",
  title: "what four processes see over a bad line could have come from one request after the other",
  places: Object.keys(PLACES),
  shortPlaces: ["file", "sqlite", "redis", "memcached", "postgres"],
  times: { deep: 100, short: 1 },
  columns: ["store", "runs", "operations", "in doubt", "not linearizable"],
  async run({ place, address, times, seed }) {
    const totals = { operations: 0, inDoubt: 0 };
    const bad: string[] = [];
    for (let n = 0; n < times; n++) {
      const judged = await runHistories(place, address, seed + n * 10);
      totals.operations += judged.operations;
      totals.inDoubt += judged.inDoubt;
      bad.push(...judged.bad);
    }
    const cells = [place, times, totals.operations, totals.inDoubt, bad.length];
    return [bad.length > 0 ? { cells, failure: `${place}: ${bad.join("\n")}` } : { cells }];
  },
};
