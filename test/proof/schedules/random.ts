/** Numbers from 0 to 1 that look random, and are the same for the same seed (mulberry32). */
function randomBy(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Picks one of so many: `chosen(4)` is 0, 1, 2 or 3. */
export type Choose = (of: number) => number;

export function chooseBy(seed: number): Choose {
  const random = randomBy(seed);
  return (of) => Math.floor(random() * of);
}

/** All in another order. */
export function shuffled<Item>(items: readonly Item[], choose: Choose): Item[] {
  const rest = [...items];
  return items.flatMap(() => rest.splice(choose(rest.length), 1));
}

export function oneOf<Item>(items: readonly Item[], choose: Choose): Item {
  const item = items[choose(items.length)];
  if (item === undefined) throw new Error("there is nothing to choose from");
  return item;
}
