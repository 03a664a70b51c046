import { setTimeout as pause } from "node:timers/promises";
import type { Try } from "./claim.ts";

/** How long others are waited for, in milliseconds. */
export interface Patience {
  /** Until a claim that stands in the way is broken. Default 500: what waits has a second, as a rule. */
  readonly holder?: number;
  /** Until it is given up. Default 5000. */
  readonly all?: number;
}

/**
 * Tries until there is a result, with short pauses. Whoever is in the way for too long is broken by `breakHolder`.
 *
 * Rejects when patience ends. The time is the machine's: a claim may be that of a process with another clock.
 */
export async function takeTurns<T>(
  attempt: () => Try<T>,
  breakHolder: (token: string) => void,
  { holder: patience = 500, all = 5000 }: Patience = {},
): Promise<T> {
  const began = performance.now();
  let watched: { token: string | undefined; since: number } = { token: undefined, since: began };
  for (;;) {
    const tried = attempt();
    if ("result" in tried) return tried.result;
    const now = performance.now();
    if (now - began > all) throw new Error(`fileStore waited ${all} ms for ${tried.holder ?? "other writers"}`);
    if (tried.holder !== watched.token) watched = { token: tried.holder, since: now };
    if (tried.holder !== undefined && now - watched.since > patience) breakHolder(tried.holder);
    await pause(1 + Math.random() * 4);
  }
}
