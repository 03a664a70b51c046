import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MUTANTS } from "./index.ts";
import { mutate } from "./mutant.ts";

test.each(MUTANTS)("can be planted: $rule ($file)", (mutant) => {
  const source = readFileSync(`src/${mutant.file}`, "utf8");
  expect(mutate(mutant, source)).not.toBe(source);
  expect(readFileSync(`test/${mutant.test}`, "utf8")).toContain("test");
});
