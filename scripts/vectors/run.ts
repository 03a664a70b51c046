import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Reason, type Verdict, failed } from "./differences.ts";
import { dynamodb } from "./dynamodb.ts";
import { cachelib, filesystem } from "./files.ts";
import { flaskCookie } from "./flask-cookie.ts";
import { foreign } from "./foreign.ts";
import { httpCookie } from "./http-cookie.ts";
import { lifecycle } from "./lifecycle.ts";
import { memcachedEntries } from "./memcached.ts";
import { mongoEntries } from "./mongo.ts";
import { redisEntries } from "./redis.ts";
import { signedSid } from "./signed-sid.ts";
import { sqlalchemyDdl, sqlalchemyEntries } from "./sqlalchemy.ts";
import type { Case, Run, Suite, Tools } from "./suite.ts";

/** The vector files there is a runner for, by name. */
export const suites: ReadonlyMap<string, Suite> = new Map([
  ["flask-cookie", flaskCookie],
  ["signed-sid", signedSid],
  ["http-cookie", httpCookie],
  ["store-redis-msgpack", redisEntries("msgpack")],
  ["store-redis-json", redisEntries("json")],
  ["store-dynamodb", dynamodb],
  ["store-filesystem", filesystem],
  ["store-cachelib", cachelib],
  ["store-memcached", memcachedEntries],
  ["store-mongodb", mongoEntries],
  ["store-sqlalchemy", sqlalchemyEntries],
  ["sqlalchemy-ddl", sqlalchemyDdl],
  ["store-foreign", foreign],
  ["lifecycle-flask", lifecycle(false)],
  ["lifecycle-flask-session-redis", lifecycle(true)],
]);

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

/** Runs every case of a vector file. */
export async function runFile(file: string, tools: Tools): Promise<Report> {
  const suite = suites.get(basename(file, ".json"));
  const content = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
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
