import type { Verdict } from "./differences.ts";

/** A case of a vector file. */
export interface Case {
  name: string;
}

/** How a case is run. */
export type Run = (example: Case, tools: Tools) => Verdict | Promise<Verdict>;

/** How the groups of a vector file are run. */
export interface Suite {
  groups: Readonly<Record<string, Run>>;
  /** What a case is called where it has no name. */
  nameOf?(example: unknown, group: string): string;
}

/** What cases are run with. */
export interface Tools {
  /** An empty Redis of our own; started when first asked for. */
  redis(): Promise<TestRedis>;
}

/** A Redis that nothing else uses. */
export interface TestRedis {
  client: object;
  command(...words: (string | Buffer)[]): Promise<unknown>;
}
