/** Test cases without a test runner: what is declared is kept under the name of its suite, and run one after the other. */
import type { Test } from "../../../src/testing/index.ts";

export interface Outcome {
  readonly suite: string;
  readonly name: string;
  /** Absent where it passed. */
  readonly failure?: string;
}

type Case = { readonly suite: string; readonly name: string; readonly run: () => Promise<void> };

/** A case that takes longer has failed: a runtime that hangs has to say in which. */
const PATIENCE = 30_000;

/** The cases that a suite declares. */
export function casesOf(suite: string, declare: (test: Test) => void): Case[] {
  const cases: Case[] = [];
  declare((name, run) => cases.push({ suite, name, run }));
  return cases;
}

/** Runs so many cases at once, and tells of each when it is through. */
export async function runCases(cases: readonly Case[], tell: (outcome: Outcome) => void, atOnce = 1): Promise<void> {
  const waiting = [...cases];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) tell(await outcomeOf(next));
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

async function outcomeOf({ suite, name, run }: Case): Promise<Outcome> {
  try {
    await inTime(run());
    return { suite, name };
  } catch (error) {
    return { suite, name, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

async function inTime(running: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`took more than ${PATIENCE} ms`)), PATIENCE);
  });
  await Promise.race([running, late]).finally(() => clearTimeout(timer));
}
