// `npm run live -- --rounds 500 [MongoDB DynamoDB]`: real Flask beside Node on every store, or on those whose names hold a word,
// with so many rounds of random data on each.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  options: { rounds: { type: "string", default: "500" } },
  allowPositionals: true,
});
const only = positionals.length > 0 ? ["-t", `(${positionals.join("|")}).* random data`] : [];
const env = { ...process.env, LIVE_ROUNDS: values.rounds };
const { status } = spawnSync(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "test/live", ...only], {
  stdio: "inherit",
  env,
});
process.exitCode = status ?? 1;
