/** What a runtime cannot do, and why. `docs/runtimes.md` has these rows as a table; suites that are named are not run. */
import type { RuntimeName } from "../../scripts/engines/index.mjs";
import { ALL, type SuiteName } from "./names.ts";

export interface Limit {
  readonly runtime: RuntimeName;
  readonly suites: readonly SuiteName[];
  readonly why: string;
}

export const LIMITS: readonly Limit[] = [
  {
    runtime: "workerd",
    suites: ["fileStore", "sqlStore on SQLite"],
    why: "It has no disk, and no SQLite of Node's.",
  },
  {
    runtime: "workerd",
    suites: ["redisStore on node-redis 6", "redisStore on ioredis 5", "memcachedStore"],
    why: "A connection belongs to the request that opened it, and ends with that; a client is there for all requests.",
  },
  {
    runtime: "workerd",
    suites: ["Fastify 5"],
    why: "Fastify makes code out of routes (`new Function`), which workerd forbids.",
  },
  {
    runtime: "workerd",
    suites: ["h3 1"],
    why: "A body in pieces does not end; all else was seen to work. Take h3 2.",
  },
];

/** What is asked of a runtime. */
export function suitesOf(runtime: RuntimeName): SuiteName[] {
  const left = LIMITS.filter((limit) => limit.runtime === runtime).flatMap(({ suites }) => suites);
  return ALL.filter((name) => !left.includes(name));
}
