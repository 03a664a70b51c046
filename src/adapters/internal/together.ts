import type { Saved } from "../../core/interface.ts";
import type { Around } from "./before-headers.ts";

/** Two that one response waits for. A failure of either is the response's, which then has the cookies of none. */
export function together(one: Around, other: Around): Around {
  return {
    get isDue() {
      return one.isDue || other.isDue;
    },
    async save(late) {
      const saved: Saved[] = [];
      for (const around of [one, other]) saved.push(await around.save(late));
      return joined(saved);
    },
    fail: (error) => one.fail(error),
  };
}

const UNCHANGED: Saved = { result: "unchanged", conflicts: [], tries: 0, headers: [] };

/** The fields of all, and the outcome of the first that has one to tell. */
function joined(saved: readonly Saved[]): Saved {
  const telling = saved.find(({ result }) => result !== "unchanged") ?? UNCHANGED;
  return { ...telling, headers: saved.flatMap(({ headers }) => headers) };
}
