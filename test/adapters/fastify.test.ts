import { describe, test } from "vitest";
import { testAdapter } from "../../src/testing/adapter-suite.ts";
import { overFastify } from "./servers.ts";

describe("Fastify adapter", () => {
  describe.each(["eager", "lazy"] as const)("%s", (load) => {
    testAdapter({ test, serve: overFastify(load), load });
  });
});
