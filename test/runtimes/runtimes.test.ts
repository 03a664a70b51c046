/** The built package in every runtime, against the kits and the vectors. What one cannot do is a row in `limits.ts`. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { engine, has } from "../engines.ts";
import { bundle } from "./bundle.ts";
import { LIMITS, suitesOf } from "./limits.ts";
import { NODE_ADAPTERS, WEB_ADAPTERS } from "./names.ts";
import type { Outcome } from "./program/cases.ts";
import { COMMANDS, type NodeLike, outcomesIn } from "./runtimes.ts";
import { outcomesInWorkerd } from "./workerd.ts";

const areThere = [has("runtimes"), has("redis"), has("memcached")].every(Boolean);
const NODE_LIKE = Object.keys(COMMANDS) as NodeLike[];

const ADAPTERS: ReadonlySet<string> = new Set([...NODE_ADAPTERS, ...WEB_ADAPTERS]);

/** So many runtimes at once, as they wait for engines half of the time. */
const AT_ONCE = 2;

/** In milliseconds, for all runtimes on a machine that is busy. */
const LONG = 900_000;

describe.skipIf(!areThere)("the built package", () => {
  const outcomes = new Map<string, Outcome[]>();

  beforeAll(async () => {
    const [program, worker] = [await bundle("main"), await bundle("worker")];
    const [{ url }, { server }, paths] = await Promise.all([engine("redis"), engine("memcached"), engine("runtimes")]);
    const env = { REDIS_URL: url, MEMCACHED_SERVER: server };
    const runs = NODE_LIKE.map((runtime) => async () => {
      outcomes.set(runtime, await outcomesIn(runtime, paths[runtime], program, env));
    });
    await inPairs([...runs, async () => void outcomes.set("workerd", await outcomesInWorkerd(paths.workerd, worker))]);
  }, LONG);

  describe.each([...NODE_LIKE, "workerd"] as const)("in %s", (runtime) => {
    test.each(suitesOf(runtime))("keeps its promises: %s", (suite) => {
      const own = outcomes.get(runtime)?.filter((outcome) => outcome.suite === suite) ?? [];
      expect(own).not.toEqual([]);
      expect(own.filter(({ failure }) => failure !== undefined)).toEqual([]);
    });

    test("tries every adapter with both kinds of load that it has", () => {
      const kinds = new Map<string, Set<string | undefined>>();
      for (const { suite, name } of outcomes.get(runtime) ?? []) {
        if (!ADAPTERS.has(suite)) continue;
        const [, kind] = /\((eager|lazy)\)$/.exec(name) ?? [];
        kinds.set(suite, (kinds.get(suite) ?? new Set()).add(kind));
      }
      const expected = suitesOf(runtime).filter((suite) => ADAPTERS.has(suite));
      expect(kinds).toEqual(
        new Map(expected.map((suite) => [suite, new Set(suite === "fetch" ? ["lazy"] : ["lazy", "eager"])])),
      );
    });
  });
});

test("docs/runtimes.md has every limit, and no other", () => {
  const [, table = ""] = readFileSync("docs/runtimes.md", "utf8").split("## What a runtime cannot do");
  const rows = table.split("\n").filter((line) => /^\| (?!runtime|---)/.test(line));
  expect(rows).toEqual(LIMITS.map(({ runtime, suites, why }) => `| ${runtime} | ${suites.join(", ")} | ${why} |`));
});

test("docs/runtimes.md has the versions that are run", () => {
  const { optionalDependencies } = JSON.parse(readFileSync("runtimes/package.json", "utf8"));
  const page = readFileSync("docs/runtimes.md", "utf8");
  const versions = Object.values<string>(optionalDependencies).map((range) => range.replace(/^npm:.*@/, ""));
  expect(versions.filter((version) => !page.includes(version))).toEqual([]);
});

async function inPairs(runs: readonly (() => Promise<unknown>)[]): Promise<void> {
  const waiting = [...runs];
  const work = async () => {
    for (let run = waiting.shift(); run; run = waiting.shift()) await run();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}
