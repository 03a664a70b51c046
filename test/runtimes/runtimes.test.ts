/** The built package in every runtime, against the kits and the vectors. What one cannot do is a row in `limits.ts`. */
import { beforeAll, describe, expect, test } from "vitest";
import { engine, has } from "../engines.ts";
import { bundle } from "./bundle.ts";
import { ALL } from "./names.ts";
import type { Outcome } from "./program/cases.ts";
import { COMMANDS, type NodeLike, outcomesIn } from "./runtimes.ts";

const areThere = [has("runtimes"), has("redis"), has("memcached")].every(Boolean);

describe.skipIf(!areThere)("the built package", () => {
  let program: string;
  let engines: Record<string, string>;

  beforeAll(async () => {
    program = await bundle("main");
    const [{ url }, { server }] = await Promise.all([engine("redis"), engine("memcached")]);
    engines = { REDIS_URL: url, MEMCACHED_SERVER: server };
  });

  describe.each(Object.keys(COMMANDS) as NodeLike[])("in %s", (runtime) => {
    let outcomes: Outcome[];

    beforeAll(async () => {
      const { [runtime]: path } = await engine("runtimes");
      outcomes = await outcomesIn(runtime, path, program, engines);
    });

    test.each(ALL)("keeps the promises of %s", (suite) => {
      expect(failuresOf(outcomes, suite)).toEqual([]);
    });
  });
});

/** What failed of a suite, and why. Fails where nothing of it was run. */
function failuresOf(outcomes: readonly Outcome[], suite: string): string[] {
  const own = outcomes.filter((outcome) => outcome.suite === suite);
  expect(own).not.toEqual([]);
  return own.flatMap(({ name, failure }) => (failure === undefined ? [] : [`${name}: ${failure}`]));
}
