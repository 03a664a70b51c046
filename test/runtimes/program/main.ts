/**
 * Runs suites in a runtime that has `node:http` and files, and prints a line of JSON for each case.
 * Arguments: the folder of the vectors, and names of suites for some.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Test, testStore } from "../../../src/testing/index.ts";
import { ALL, REMOTE_STORES, type SuiteName } from "../names.ts";
import { adapters, testAdapters } from "./adapters.ts";
import { type Outcome, casesOf, runCases } from "./cases.ts";
import { testVectors } from "./flask.ts";
import { testMeetings } from "./meetings.ts";
import { listenWeb } from "./web-adapters.ts";
import { stores } from "./stores.ts";

/** Most cases of a store whose engine counts the time wait for a deadline; they wait together. */
const AT_ONCE = 20;

const [vectors = "", ...named] = process.argv.slice(2);
const asked = ALL.filter((name) => named.length === 0 || named.includes(name));
const tell = (outcome: Outcome) => console.log(JSON.stringify(outcome));

// Stores behind a socket mostly wait; what works beside them would only make them late.
const isRemote = (name: SuiteName) => (REMOTE_STORES as readonly SuiteName[]).includes(name);
await Promise.all(asked.filter(isRemote).map(runSuite));
for (const suite of asked.filter((name) => !isRemote(name))) await runSuite(suite);
console.log("done");
process.exit(0);

async function runSuite(suite: SuiteName): Promise<void> {
  try {
    if (isIn(stores, suite)) await runStore(suite);
    else await runCases(casesOf(suite, declarationOf(suite)), tell);
  } catch (error) {
    tell({ suite, name: "starts", failure: String(error) });
  }
}

function declarationOf(suite: Exclude<SuiteName, keyof typeof stores>): (test: Test) => void {
  if (isIn(adapters, suite)) return (test) => testAdapters(test, adapters[suite]);
  if (suite === "requests that meet") return (test) => testMeetings(test, listenWeb);
  return (test) => testVectors(test, suite, readVectors);
}

function readVectors(file: string): string {
  return readFileSync(join(vectors, file), "utf8");
}

async function runStore(suite: keyof typeof stores): Promise<void> {
  const { stop, ...opened } = await stores[suite]();
  const declare = (test: Test) => testStore({ ...opened, test });
  try {
    await runCases(casesOf(suite, declare), tell, opened.time === "engine" ? AT_ONCE : 1);
  } finally {
    await stop?.();
  }
}

function isIn<Table extends object>(table: Table, name: PropertyKey): name is keyof Table {
  return name in table;
}
