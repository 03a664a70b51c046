/** What takes part: a store over an engine, and the client alone doing the same. */
import type { Clock, Store, Sweepable } from "flagon";

export interface Subject {
  /** What it is asked for by: `redis`. */
  readonly name: string;
  /** What its rows are called: `redis, by ioredis 5`. */
  readonly title: string;
  /** Calls for each number of a round, where the usual ones take no time that could be measured, or far too much. */
  readonly calls?: number;
  /** How many sessions it is given at most. */
  readonly sessions?: number;
  /** Starts the engine. */
  start(): Promise<Engine>;
  /** Connects once more to an engine that runs. */
  connect(url: string, clock: Clock): Promise<Connection>;
}

export interface Engine {
  readonly url: string;
  stop(): unknown;
}

export interface Connection {
  readonly store: Store & Partial<Sweepable>;
  /** The client alone, or what comes nearest where there is none. */
  readonly raw: Verbs;
  /** The bytes that the engine takes for all that it holds, by its own account. */
  size(): Promise<number>;
  close(): unknown;
}

/** The three verbs of a request that are compared. A write gives whether it was done. */
export interface Verbs {
  create(key: string, value: Buffer, expiresAt: number): Promise<boolean>;
  read(key: string): Promise<Uint8Array | null | undefined>;
  /** `before` is what `read` gave. */
  update(key: string, before: Uint8Array, value: Buffer, expiresAt: number): Promise<boolean>;
}

/** A store's verbs in the same form. */
export function verbsOf(store: Store): Verbs {
  return {
    create: (key, value, expiresAt) => store.create(key, { value, expiresAt }),
    read: async (key) => (await store.read(key))?.value,
    update: async (key, before, value, expiresAt) => (await store.update(key, { before, value, expiresAt })).done,
  };
}

/** The process itself as an engine, which is nowhere. */
export async function nowhere(): Promise<Engine> {
  return { url: "", stop: () => undefined };
}
