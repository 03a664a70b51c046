import { describe, test } from "vitest";
import { testAdapter } from "../../src/testing/adapter-suite.ts";
import { overNode } from "./servers.ts";

describe.each(["eager", "lazy"] as const)("node adapter, %s", (load) => {
  testAdapter({ test, serve: overNode(load), load });
});
