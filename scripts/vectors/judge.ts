import { type Reason, type Verdict, failed } from "./differences.ts";
import type { Case, Run, Suite, Tools } from "./suite.ts";

/** How many cases came out how. */
export interface Tally {
  passed: number;
  failed: number;
  notApplicable: number;
}

/** What running a file gave. */
export interface Report {
  tally: Tally;
  failures: { id: string; why: string }[];
  notApplicable: { id: string; reason: Reason }[];
}

/** Runs every case in the text of a vector file as a suite says. */
export async function runSuite(suite: Suite | undefined, text: string, tools: Tools): Promise<Report> {
  const content = JSON.parse(text) as Record<string, unknown>;
  const report: Report = { tally: { passed: 0, failed: 0, notApplicable: 0 }, failures: [], notApplicable: [] };
  for (const [group, run] of Object.entries(suite?.groups ?? {})) {
    for (const example of (content[group] ?? []) as Case[]) {
      const id = suite?.nameOf?.(example, group) ?? `${group}/${example.name}`;
      note(report, id, await judged(run, example, tools));
    }
  }
  return report;
}

async function judged(run: Run, example: Case, tools: Tools): Promise<Verdict> {
  try {
    return await run(example, tools);
  } catch (error) {
    return failed(error instanceof Error ? `threw ${error.stack ?? error.message}` : String(error));
  }
}

function note({ tally, failures, notApplicable }: Report, id: string, verdict: Verdict): void {
  if ("notApplicable" in verdict) {
    tally.notApplicable++;
    notApplicable.push({ id, reason: verdict.notApplicable });
  } else if (verdict.passed) {
    tally.passed++;
  } else {
    tally.failed++;
    failures.push({ id, why: verdict.why });
  }
}
