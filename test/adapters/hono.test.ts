import { describe, test } from "vitest";
import { testAdapter } from "../../src/testing/adapter-suite.ts";
import { overHono } from "./web-servers.ts";

for (const load of ["lazy", "eager"] as const) {
  describe(`Hono adapter, ${load}`, () => {
    testAdapter({ test, serve: overHono(load), load });
  });
}
