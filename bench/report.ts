/** The tables of a run: what was counted, what was measured, and ours beside theirs. */
import { CONTENDERS } from "./contenders.ts";
import type { Tally } from "./counts.ts";
import type { Sample } from "./measure.ts";
import { SCENARIOS } from "./scenarios.ts";
import { spread, table } from "./table.ts";

type Measure = "cpu" | "rate";

const NAMES = SCENARIOS.map(({ name }) => name);

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
  const names = namesIn(samples);
  const rows = CONTENDERS.map(({ title }) => [
    title,
    ...names.map((scenario) => spread(valuesOf(samples, title, scenario, measure))),
  ]);
  return table([name, ...names], rows);
}

/** Ours divided by theirs, round by round. */
export function rivalsTable(samples: readonly Sample[]): string {
  const names = namesIn(samples);
  const row = (title: string, rival: string, measure: Measure): string[] =>
    names.map((scenario) => {
      const theirs = valuesOf(samples, rival, scenario, measure);
      return spread(valuesOf(samples, title, scenario, measure).map((ours, round) => ours / (theirs[round] ?? NaN)));
    });
  const rows = CONTENDERS.flatMap(({ title, rival }) => {
    if (rival === undefined) return [];
    const cpu = [`${title}: CPU`, ...row(title, rival, "cpu")];
    const rate = [`${title}: requests/s`, ...row(title, rival, "rate")];
    return [cpu, rate];
  });
  return table(["ours ÷ theirs", ...names], rows);
}

/** The scenarios that were timed. */
function namesIn(samples: readonly Sample[]): string[] {
  return NAMES.filter((name) => samples.some(({ scenario }) => scenario === name));
}

function valuesOf(samples: readonly Sample[], title: string, scenario: string, measure: Measure): number[] {
  const own = samples.filter((sample) => sample.title === title && sample.scenario === scenario);
  return own.map((sample) => sample[measure]);
}
