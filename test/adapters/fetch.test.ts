import { describe, test } from "vitest";
import { testAdapter } from "../../src/testing/adapter-suite.ts";
import { overFetch } from "./servers.ts";

describe("fetch adapter", () => {
  testAdapter({ test, serve: overFetch, load: "lazy", savesLate: false });
});
