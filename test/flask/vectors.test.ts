import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runFile, suites } from "../../scripts/vectors/run.ts";
import { openTools } from "../../scripts/vectors/tools.ts";
import { has } from "../engines.ts";

const DIRECTORY = join(import.meta.dirname, "../vectors");
const files = readdirSync(DIRECTORY).filter((name) => name.endsWith(".json"));

describe("what Flask and Flask-Session do, byte for byte", () => {
  let tools: ReturnType<typeof openTools>;
  beforeAll(() => {
    tools = openTools();
  });
  afterAll(() => tools.close());

  test("every vector file has a runner, and every runner a file", () => {
    expect(files.map((file) => file.replace(".json", "")).toSorted()).toEqual([...suites.keys()].toSorted());
  });

  for (const file of files) {
    const engine = suites.get(file.replace(".json", ""))?.engine;
    test.skipIf(engine !== undefined && !has(engine)).each([file])("%s", async () => {
      const { tally, failures } = await runFile(join(DIRECTORY, file), tools);
      expect(failures).toEqual([]);
      expect(tally.passed).toBeGreaterThan(0);
    });
  }
});
