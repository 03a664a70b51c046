/** Chance that can be had again: the same seed gives the same throws. */

/** A random order of a list, each time another. */
export type Shuffle = <Item>(items: readonly Item[]) => Item[];

export function shuffleBy(seed: number): Shuffle {
  let state = seed >>> 0;
  // A counter, and a hash of it.
  const next = () => {
    state = (state + 0x9e3779b9) >>> 0;
    let bits = state;
    bits = Math.imul(bits ^ (bits >>> 16), 0x21f0aaad);
    bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97);
    return (bits ^ (bits >>> 15)) >>> 0;
  };
  return (items) =>
    items
      .map((item) => ({ item, place: next() }))
      .toSorted((a, b) => a.place - b.place)
      .map(({ item }) => item);
}
