/** The two tables of a run, as Markdown. */
import { table } from "../../bench/table.ts";
import { type Answers, STRANGERS } from "./answers.ts";
import type { Outcome, Races } from "./races.ts";

/** What was found of one peer. */
export interface Findings {
  readonly title: string;
  readonly races: Races;
  readonly answers: Answers;
  /** What became of a page while Redis was frozen: with the client as it comes, and with a time limit. */
  readonly frozen: string;
  readonly frozenWithLimit: string;
}

export function racesTable(findings: readonly Findings[]): string {
  const head = [
    "goes wrong",
    "keys lost",
    "keys lost, two at once",
    "increments lost",
    "logout undone by a write",
    "logout undone by a read",
    "old id alive",
  ];
  const rows = findings.map(({ title, races }) => [
    title,
    ...[races.keys, races.pairs, races.count, races.logoutByWrite, races.logoutByRead, races.oldId].map(cell),
  ]);
  return table(head, rows);
}

export function answersTable(findings: readonly Findings[]): string {
  const head = [
    "answers",
    "before it is saved",
    "change not saved",
    "login not saved",
    "Redis frozen",
    "the same, client limit",
    "Vary",
    `${STRANGERS} strangers`,
  ];
  const rows = findings.map(({ title, answers, frozen, frozenWithLimit }) => [
    title,
    answers.beforeSave,
    answers.failedChange,
    answers.failedLogin,
    frozen,
    frozenWithLimit,
    answers.vary,
    `${answers.strangers.cookies} cookies, ${answers.strangers.records} records`,
  ]);
  return table(head, rows);
}

function cell({ tried, wrong, refused }: Outcome): string {
  const rest = refused > 0 ? `, ${refused} refused` : "";
  return `${wrong} of ${tried}${rest}`;
}
