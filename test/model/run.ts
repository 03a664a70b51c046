import fc from "fast-check";
import type { Listable } from "../../src/store.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { type Tally, commands } from "./commands.ts";
import { type Ground, Site } from "./site.ts";

/** What a run of sequences came to. */
export interface Run {
  readonly sequences: number;
  readonly commands: number;
  /** With seed, path and the shortest sequence that shows it. */
  readonly failure: string | undefined;
}

/** More than this are not in one sequence; on average it has half of them. */
const MOST = 60;

/** Runs sequences of commands, each on a ground of its own. */
export async function runModel(
  sequences: number,
  seed: number,
  groundOf: () => Ground,
  { shrinks = true } = {},
): Promise<Run> {
  const tally: Tally = { commands: 0 };
  const property = fc.asyncProperty(commands(MOST, tally), async (sequence) => {
    const site = new Site(groundOf());
    await fc.asyncModelRun(() => ({ model: {}, real: site }), sequence);
    await site.check();
  });
  const details = await fc.check(property, {
    numRuns: sequences,
    seed,
    endOnFailure: !shrinks,
    includeErrorInReport: true,
  });
  const failure = details.failed ? await fc.asyncDefaultReportMessage(details) : undefined;
  return { sequences: details.numRuns, commands: tally.commands, failure };
}

/** A memory store of its own for each sequence. */
export function inMemory(): Ground {
  const clock = manualClock();
  const store = memoryStore({ clock });
  return { store, clock, time: "clock", count: () => countOf(store) };
}

async function countOf(store: Listable): Promise<number> {
  let count = 0;
  for await (const _entry of store.list()) count++;
  return count;
}
