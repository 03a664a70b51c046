import { describe, test } from "vitest";
import { testAdapter } from "../../src/testing/adapter-suite.ts";
import { KOA, overKoa } from "./servers.ts";

describe.each(Object.entries(KOA))("%s adapter", (_version, koa) => {
  describe.each(["eager", "lazy"] as const)("%s", (load) => {
    testAdapter({ test, serve: overKoa(koa, load), load });
  });
});
