import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PLACES } from "./places.ts";
import { proveAlone } from "./prove.ts";

proveAlone();

test("every place has a file where it is proved", () => {
  const files = readdirSync(join(import.meta.dirname, "in"));
  expect(new Set(files)).toEqual(new Set(Object.keys(PLACES).map((place) => `${place}.test.ts`)));
});
