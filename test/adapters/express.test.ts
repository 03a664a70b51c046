import { describe, test } from "vitest";
import { testAdapter } from "../../src/testing/adapter-suite.ts";
import { EXPRESS, overExpress } from "./servers.ts";

describe.each(Object.entries(EXPRESS))("%s adapter", (_version, express) => {
  describe.each(["eager", "lazy"] as const)("%s", (load) => {
    testAdapter({ test, serve: overExpress(express, load), load });
  });
});
