/** What either side is told to do with a session, and how Node does it: the same words as in app.py. */
import { fromNotation } from "../../scripts/vectors/notation.ts";
import type { Session } from "../../src/index.ts";
import type { Data } from "../core/helpers.ts";

/** Its name and its arguments; values are in the notation. */
export type Act = readonly [name: keyof typeof ACTS, ...args: unknown[]];

const ACTS = {
  set: (session: Session<Data>, key: unknown, value: unknown) =>
    setKey(session, fromNotation(key), fromNotation(value)),
  setAll(session: Session<Data>, value: unknown) {
    for (const [key, item] of fromNotation(value) as Map<unknown, unknown>) setKey(session, key, item);
  },
  pop: (session: Session<Data>, key: unknown) => void session.pop(key as string),
  clear: (session: Session<Data>) => session.clear(),
  flash: (session: Session<Data>, message: unknown, category: unknown) => session.flash(message, category as string),
  takeFlashes: (session: Session<Data>) => session.takeFlashes({ withCategories: true }),
  regenerate: (session: Session<Data>) => session.regenerate(),
  wait: async (_session: Session<Data>, url: unknown) => void (await fetch(url as string)),
};

/** Does it, one after the other, and gives what that gave. */
export async function perform(session: Session<Data>, acts: readonly Act[]): Promise<unknown[]> {
  const results: unknown[] = [];
  for (const [name, ...args] of acts) {
    const act: (session: Session<Data>, ...args: unknown[]) => unknown = ACTS[name];
    results.push(await act(session, ...args));
  }
  return results;
}

/** Keys that are no text, or bear the name of a control, cannot be assigned to. */
function setKey(session: Session<Data>, key: unknown, value: unknown): void {
  session.pop(key as string);
  session.setDefault(key as string, value);
}
