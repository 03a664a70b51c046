import { describe, test } from "vitest";
import { testAdapter } from "../../src/testing/adapter-suite.ts";
import { overH3 } from "./web-servers.ts";

for (const load of ["lazy", "eager"] as const) {
  describe(`h3 adapter, ${load}`, () => {
    testAdapter({ test, serve: overH3(load), load });
  });
}
