/**
 * `npm run vectors -- DIR [DIR …]`: runs every case of the vector files found in the directories against the package.
 * Exits with 1 on any failure.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { NOT_APPLICABLE, type Reason } from "./differences.ts";
import type { Tally } from "./judge.ts";
import { runFile, suites } from "./run.ts";
import { openTools } from "./tools.ts";

const directories = process.argv.slice(2);
if (directories.length === 0) directories.push("test/vectors");

const missing = directories.filter((directory) => !existsSync(directory));
if (missing.length > 0) {
  console.error(`no such directory: ${missing.join(", ")}`);
  process.exit(1);
}

const total: Tally = { passed: 0, failed: 0, notApplicable: 0 };
const reasons = new Map<Reason, number>();
const tools = openTools();
try {
  for (const directory of directories) {
    for (const file of readdirSync(directory).filter((name) => name.endsWith(".json"))) await tell(directory, file);
  }
} finally {
  await tools.close();
}
for (const [reason, count] of reasons) console.log(`  not applicable, ${reason} (${count}): ${NOT_APPLICABLE[reason]}`);
console.log(`total: ${line(total)}`);
process.exitCode = total.failed > 0 ? 1 : 0;

async function tell(directory: string, file: string): Promise<void> {
  const name = file.replace(/\.json$/, "");
  if (!suites.has(name)) {
    console.log(`${name}: no runner yet`);
    return;
  }
  const { tally, failures, notApplicable } = await runFile(join(directory, file), tools);
  console.log(`${name}: ${line(tally)}`);
  for (const { id, why } of failures) console.log(`  failed ${id}: ${why}`);
  for (const { id, reason } of notApplicable) {
    console.log(`  not applicable ${id}: ${reason}`);
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  for (const key of Object.keys(total) as (keyof Tally)[]) total[key] += tally[key];
}

function line({ passed, failed, notApplicable }: Tally): string {
  return `${passed} passed, ${failed} failed, ${notApplicable} not applicable`;
}
