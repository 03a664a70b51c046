/** The tables of a run: what was counted, what was measured, and ours beside theirs. */
import { CONTENDERS } from "./contenders.ts";
import type { Tally } from "./counts.ts";
import type { Sample } from "./measure.ts";
import { type Scenario, SCENARIOS, TIMED } from "./scenarios.ts";
import { table } from "./table.ts";

type Measure = "cpu" | "rate";

const NAMES = namesOf(SCENARIOS);
const TIMED_NAMES = namesOf(TIMED);

/** What the store was asked for one request, and what became of parallel updates. */
export function commandsTable(tallies: readonly Tally[]): string {
  const head = ["store commands", ...NAMES, "S7 lost", "S7 commands"];
  const rows = tallies.map(({ title, counts, burst }) => [
    title,
    ...counts.map(({ commands }) => commands),
    `${burst.lost} of ${burst.updates}`,
    burst.commands.toFixed(1),
  ]);
  return table(head, rows);
}

/** How many `Set-Cookie` lines came with one answer. */
export function cookiesTable(tallies: readonly Tally[]): string {
  const rows = tallies.map(({ title, counts }) => [title, ...counts.map(({ cookies }) => cookies)]);
  return table(["Set-Cookie", ...NAMES], rows);
}

/** One measure as a multiple of Express alone: the median of the rounds, and the least and the most of them. */
export function costTable(name: string, samples: readonly Sample[], measure: Measure): string {
  const rows = CONTENDERS.map(({ title }) => [
    title,
    ...TIMED_NAMES.map((at) => spread(valuesOf(samples, title, at, measure))),
  ]);
  return table([name, ...TIMED_NAMES], rows);
}

/** Ours divided by theirs, round by round. */
export function rivalsTable(samples: readonly Sample[]): string {
  const rows = CONTENDERS.flatMap(({ title, rival }) => {
    if (rival === undefined) return [];
    const row = (measure: Measure, what: string): string[] => [
      `${title}: ${what}`,
      ...TIMED_NAMES.map((at) => {
        const theirs = valuesOf(samples, rival, at, measure);
        return spread(valuesOf(samples, title, at, measure).map((ours, round) => ours / (theirs[round] ?? NaN)));
      }),
    ];
    return [row("cpu", "CPU"), row("rate", "requests/s")];
  });
  return table(["ours ÷ theirs", ...TIMED_NAMES], rows);
}

function namesOf(scenarios: readonly Scenario[]): string[] {
  return scenarios.map(({ name }) => name);
}

function valuesOf(samples: readonly Sample[], title: string, scenario: string, measure: Measure): number[] {
  const own = samples.filter((sample) => sample.title === title && sample.scenario === scenario);
  return own.map((sample) => sample[measure]);
}

/** `1.20 (1.15–1.31)` */
function spread(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median = ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
  return `${two(median)} (${two(sorted[0])}–${two(sorted.at(-1))})`;
}

function two(value = NaN): string {
  return value.toFixed(2);
}
