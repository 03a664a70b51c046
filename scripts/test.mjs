// `npm test`: the engines that tests need, the checks, the tests. Arguments go to vitest and leave out the checks; the
// name of an engine among them (`npm test -- redis`) leaves out the other engines.
import { spawnSync } from "node:child_process";
import { engines, install, lookFor } from "./engines/index.mjs";

const args = process.argv.slice(2);
const known = Object.keys(engines);
const named = known.filter((name) => args.includes(name));
const needed = named.length > 0 ? named : known;

install(needed);
const outcomes = needed.map(lookFor);
for (const { line } of outcomes) console.log(line);
if (process.env["CI"] === "true" && outcomes.some(({ found }) => !found)) process.exit(1);

run(args.length > 0 ? "scripts/build.mjs" : "scripts/check.mjs");
run("node_modules/vitest/vitest.mjs", "run", ...args);

function run(...command) {
  const { status } = spawnSync(process.execPath, command, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
