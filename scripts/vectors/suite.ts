import type { FlaskConfig } from "../../src/flask/config.ts";
import type { EngineName } from "../engines/index.mjs";
import type { Verdict } from "./differences.ts";

/** A case of a vector file. */
export interface Case {
  name: string;
}

/** How a case is run. */
export type Run = (example: Case, tools: Tools) => Verdict | Promise<Verdict>;

/** How the groups of a vector file are run. */
export interface Suite {
  /** What its cases are run on; absent where they need nothing. */
  engine?: EngineName;
  groups: Readonly<Record<string, Run>>;
  /** What a case is called where it has no name. */
  nameOf?(example: unknown, group: string): string;
}

/** An entry as Python wrote it, and what Python reads of it. */
export interface Entry extends Case {
  /** Absent where nothing could be written. */
  sid?: string;
  format?: "msgpack" | "json";
  lifetime_seconds?: number;
  /** Epoch seconds. */
  saved_at?: number;
  session: unknown;
  decoded: unknown;
  same_after_round_trip: boolean;
}

/** Where a `SESSION_TYPE` keeps one entry, looked at past the package. It is empty at first. */
export interface Shelf {
  /** The type, the engine, the prefix; what is in every entry is known already. */
  config: FlaskConfig;
  /** Puts what Python wrote there. */
  put(): Promise<unknown>;
  /** What stands there, in the words of `written`; `undefined` for nothing. */
  stored(): Promise<unknown>;
  /** What Python left there. */
  written: unknown;
}

/** What cases are run with. */
export interface Tools {
  /** Something that is opened when it is first asked for under its name, and closed after the last case. */
  once<Tool extends { close(): unknown }>(name: string, open: () => Promise<Tool>): Promise<Tool>;
  /** An empty Redis of our own. */
  redis(): Promise<TestRedis>;
}

/** A Redis that nothing else uses. */
export interface TestRedis {
  client: object;
  command(...words: (string | Buffer)[]): Promise<unknown>;
}
