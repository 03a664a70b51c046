import { SessionError } from "../errors.ts";

/** Throws `CONFIG` for an option that nobody knows, and names the nearest that somebody does. */
export function checkOptions(owner: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) {
    throw new SessionError("CONFIG", `${owner} needs an object of options: ${known.join(", ")}`);
  }
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    throw new SessionError("CONFIG", `${owner} knows no option ${name}; did you mean ${nearest(name, known)}?`);
  }
}

/** What a request gets while the store fails: an error, or a session that it can only read. */
export type OnStoreError = "fail" | "anonymous";

/** Throws `CONFIG` for anything else. */
export function checkedOnStoreError(onStoreError: OnStoreError = "fail"): OnStoreError {
  if (onStoreError === "fail" || onStoreError === "anonymous") return onStoreError;
  throw new SessionError("CONFIG", `onStoreError is ${String(onStoreError)}; give 'fail' or 'anonymous'`);
}

/** The known name with the fewest letters to change. */
export function nearest(name: string, known: readonly string[]): string {
  const [best = ""] = known.toSorted((a, b) => distance(name, a) - distance(name, b));
  return best;
}

/** Levenshtein's distance, letter case left aside. */
function distance(a: string, b: string): number {
  const [left, right] = [a.toLowerCase(), b.toLowerCase()];
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const swapped = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
