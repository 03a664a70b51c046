// Everything that is checked beside the tests, one after the other. Names as arguments check only these:
// `npm run check -- format lint`.
import { spawnSync } from "node:child_process";

const node = process.execPath;
const TSC = "node_modules/@typescript/native/bin/tsc";
const bin = (name) => `node_modules/.bin/${name}`;

/** `build` comes first: examples and the bench import the package by its name, which is what was built. */
const CHECKS = {
  build: [node, "scripts/build.mjs"],
  format: [bin("oxfmt"), "--check"],
  lint: [bin("oxlint"), "--type-aware", "--deny-warnings"],
  types: [node, TSC, "-p", "tsconfig.json"],
  nest: [node, TSC, "-p", "test/adapters/nest"],
  next: [node, TSC, "-p", "test/adapters/next-app"],
  floors: [node, "scripts/check-floors.mjs"],
  unused: [bin("knip"), "--config", "scripts/knip.mjs", "--no-progress"],
  lock: ["npm", "ci", "--dry-run", "--ignore-scripts"],
  runtimes: ["npm", "ci", "--dry-run", "--ignore-scripts", "--prefix", "runtimes"],
  frameworks: ["npm", "ci", "--dry-run", "--ignore-scripts", "--prefix", "frameworks"],
  examples: [node, "scripts/check-examples.mjs"],
  bench: [node, TSC, "-p", "bench"],
  exports: [node, "scripts/check-exports.mjs"],
  size: [node, "scripts/check-size.mjs"],
  publint: [bin("publint"), "--strict"],
  attw: [bin("attw"), "--pack", ".", "--profile", "esm-only"],
  docs: [node, "scripts/check-docs.mjs"],
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in CHECKS));
if (unknown.length > 0) {
  console.error(`no check is named ${unknown.join(" or ")}; there are: ${Object.keys(CHECKS).join(" ")}`);
  process.exit(1);
}

const failed = Object.keys(CHECKS).filter((name) => (asked.length === 0 || asked.includes(name)) && !passes(name));
process.exitCode = failed.length > 0 ? 1 : 0;

function passes(name) {
  const [command, ...args] = CHECKS[name];
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  console.log(status === 0 ? `${name}: ok` : `${name}: failed\n${error ?? stdout + stderr}`);
  return status === 0;
}
