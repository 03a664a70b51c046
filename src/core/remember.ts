/**
 * A function that remembers what it found for the last `most` texts. What was not found is asked for again: whoever sends
 * nonsense fills no memory.
 */
export function remembering<Found extends object>(
  find: (text: string) => Found | undefined,
  most: number,
): (text: string) => Found | undefined {
  const known = new Map<string, Found>();
  return (text) => {
    const remembered = known.get(text);
    if (remembered) return remembered;
    const found = find(text);
    if (!found) return undefined;
    known.set(text, found);
    if (known.size > most) known.delete(known.keys().next().value ?? "");
    return found;
  };
}
