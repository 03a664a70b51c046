// `npm run live -- --rounds 500`: real Flask beside Node on every store, with so many rounds of random data on each.
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "500" } } });
const env = { ...process.env, LIVE_ROUNDS: values.rounds };
const { status } = spawnSync(process.execPath, ["node_modules/vitest/vitest.mjs", "run", "test/live"], {
  stdio: "inherit",
  env,
});
process.exitCode = status ?? 1;
