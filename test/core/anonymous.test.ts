import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const WORKER = join(import.meta.dirname, "anonymous-worker.ts");
const REQUESTS = 100_000;

test("anonymous requests leave nothing on the heap behind them", () => {
  const told = execFileSync(process.execPath, ["--expose-gc", "--import", "tsx", WORKER, String(REQUESTS)]);
  // One object kept for each would be ten megabytes at the least; warming up takes less than one.
  expect(Number(told)).toBeLessThan(REQUESTS * 25);
});
