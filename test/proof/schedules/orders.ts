import type { Choose } from "./random.ts";

/** Every way to choose, one after the other: whatever is run with each is seen in all its orders. */
export function* everyOrder(): Generator<Choose> {
  let path: number[] = [];
  do {
    const taken: { chosen: number; of: number }[] = [];
    yield (of) => {
      const chosen = path[taken.length] ?? 0;
      taken.push({ chosen, of });
      return chosen;
    };
    while (taken.length > 0 && isLast(taken.at(-1))) taken.pop();
    path = taken.map(({ chosen }, n) => (n === taken.length - 1 ? chosen + 1 : chosen));
  } while (path.length > 0);
}

function isLast(taken: { chosen: number; of: number } | undefined): boolean {
  return taken !== undefined && taken.chosen >= taken.of - 1;
}

/** Runs what it is given next, so many at once, until there is nothing more. */
export async function manyAtOnce(most: number, next: () => Promise<unknown> | undefined): Promise<void> {
  const work = async () => {
    for (let job = next(); job; job = next()) await job;
  };
  await Promise.all(Array.from({ length: most }, work));
}
