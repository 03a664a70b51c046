/** What either side is told to do with a session, and how Node does it: the same words as in app.py. */
import { dataOf } from "../../src/core/session.ts";
import type { Session } from "../../src/index.ts";
import { fromNotation, told } from "../../scripts/vectors/notation.ts";
import type { Data } from "../core/helpers.ts";

export type Act =
  | readonly [name: "set", key: unknown, value: unknown]
  | readonly [name: "setAll", value: unknown]
  | readonly [name: "pop", key: unknown]
  | readonly [name: "flash", message: string, category: string]
  | readonly [name: "wait", url: string]
  | readonly [name: "clear" | "takeFlashes" | "regenerate"];

/** What a side tells of a session, in one text for equal values of equal types. */
export interface Seen {
  readonly status: number;
  readonly told: string;
  readonly id: string;
  /** What the acts gave, one after the other. */
  readonly results: unknown[];
}

/** Does it to a session of ours, one after the other. */
export async function perform(session: Session<Data>, acts: readonly Act[]): Promise<Seen> {
  const results: unknown[] = [];
  for (const act of acts) results.push(await performOne(session, act));
  return { status: 200, told: told(dataOf(session)), id: session.id, results };
}

async function performOne(session: Session<Data>, act: Act): Promise<unknown> {
  switch (act[0]) {
    case "set":
      return setKey(session, fromNotation(act[1]), fromNotation(act[2]));
    case "setAll":
      return (fromNotation(act[1]) as Map<unknown, unknown>).forEach((value, key) => setKey(session, key, value));
    case "pop":
      return session.pop(fromNotation(act[1]) as string);
    case "flash":
      return session.flash(act[1], act[2]);
    case "wait":
      return void (await fetch(act[1]));
    case "clear":
      return session.clear();
    case "takeFlashes":
      return session.takeFlashes({ withCategories: true }).map(([category, message]) => [category, message]);
    case "regenerate":
      return session.regenerate();
  }
}

/** Keys that are no text, or bear the name of a control, cannot be assigned to. */
function setKey(session: Session<Data>, key: unknown, value: unknown): void {
  session.pop(key as string);
  session.setDefault(key as string, value);
}
