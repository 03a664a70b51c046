/**
 * `npm run mutants [-- part of a file's name or of a rule]`: takes one rule of the design out of the source, runs the test
 * that is to notice, and goes on with the next. Exits with 1 if any was not noticed.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { MUTANTS } from "./index.ts";
import type { Mutant } from "./mutant.ts";

/** Runs of vitest at the same time. */
const AT_ONCE = 2;

const wanted = process.argv[2] ?? "";
const asked = [...MUTANTS.entries()].filter(([, { file, rule }]) => file.includes(wanted) || rule.includes(wanted));
const survivors: Mutant[] = [];

console.log("| rule taken out | in | noticed by |\n| --- | --- | --- |");
const waiting = asked.values();
await Promise.all(Array.from({ length: AT_ONCE }, runAll));
console.log(`\n${asked.length - survivors.length} of ${asked.length} noticed`);
process.exitCode = survivors.length > 0 ? 1 : 0;

async function runAll(): Promise<void> {
  for (const [number, mutant] of waiting) {
    const failed = await failuresWith(number, mutant);
    const isNoticed = failed.some((name) => name.includes(mutant.fails));
    if (!isNoticed) survivors.push(mutant);
    const noticed = isNoticed ? `\`${mutant.test}\` ${mutant.fails}` : `NOBODY; failed: ${failed.join("; ") || "none"}`;
    console.log(`| ${mutant.rule} | \`${mutant.file}\` | ${noticed} |`);
  }
}

/** The tests of a mutant's file that fail while it is planted, by their names with their groups. */
async function failuresWith(number: number, { test }: Mutant): Promise<string[]> {
  const args = [
    "node_modules/vitest/vitest.mjs",
    "run",
    `test/${test}`,
    "--reporter=json",
    "--typecheck.enabled=false",
  ];
  const vitest = spawn(process.execPath, args, {
    env: { ...process.env, FLAGON_MUTANT: String(number) },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [output] = await Promise.all([text(vitest.stdout), once(vitest, "close")]);
  const report = JSON.parse(output.slice(output.indexOf("{"))) as Report;
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  return results
    .filter(({ status }) => status === "failed")
    .map(({ ancestorTitles, title }) => [...ancestorTitles, title].join(" > "));
}

interface Report {
  testResults: { assertionResults: { status: string; ancestorTitles: string[]; title: string }[] }[];
}
