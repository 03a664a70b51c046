/** Many writers in several processes: what a store has to stand that more than one process uses. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import type { Store } from "../store.ts";
import { assertCounted, countUp } from "./internal/counter.ts";
import { ask, peer } from "./internal/peer.ts";
import { bytes, newKey, range, type Test } from "./internal/stage.ts";

/** A store that several processes can open. */
export interface WritersKit {
  test: Test;
  /** Opens the store that the processes share. */
  open: () => Store | Promise<Store>;
  /** Called after the test, also when it failed. */
  close?: (store: Store) => unknown;
  /**
   * Starts a process that opens the same store, awaits `runWriters(store, plan)` and ends. Its stdin and stdout have to
   * be pipes, and it may say nothing itself.
   */
  spawn: (plan: string) => ChildProcess;
  /** How often each of the 32 writers adds one to the number that they share. Default 10. */
  additions?: number;
}

/** What a process has to do: one writer for each key of its own, all of them adding to the shared one. */
interface Plan {
  shared: string;
  own: string[];
  additions: number;
  expiresAt: number;
}

const PROCESSES = 4;
const WRITERS = 8;

/** Holds a store against 32 writers in 4 processes: what was acknowledged is there, and nothing is there twice. */
export function testWriters({ test, open, close, spawn, additions = 10 }: WritersKit): void {
  test(`counts what ${PROCESSES} processes of ${WRITERS} writers add, each addition once`, async () => {
    const store = await open();
    try {
      await letRace(store, spawn, additions);
    } finally {
      await close?.(store);
    }
  });
}

/** The part of `testWriters` that is done by the processes it starts: waits for the others, then writes. */
export async function runWriters(store: Store, plan: string): Promise<void> {
  const { shared, own, additions, expiresAt } = JSON.parse(plan) as Plan;
  await ask("ready");
  const sums = await Promise.all(
    own.map(async (key) => {
      await store.create(key, { value: bytes("0"), expiresAt });
      await countUp(store, key, additions);
      return countUp(store, shared, additions);
    }),
  );
  console.log(JSON.stringify(sums.flat()));
}

async function letRace(store: Store, spawn: WritersKit["spawn"], additions: number): Promise<void> {
  const [shared, expiresAt] = [newKey(), Date.now() + 3_600_000];
  await store.create(shared, { value: bytes("0"), expiresAt });
  const plans = range(PROCESSES).map((): Plan => ({ shared, own: range(WRITERS).map(newKey), additions, expiresAt }));
  const processes = plans.map((plan) => peer(spawn(JSON.stringify(plan))));
  for (const { hear } of processes) assert.equal(await hear(), "ready");
  for (const { say } of processes) say("go");
  const sums = await Promise.all(processes.map(async ({ hear }) => JSON.parse(await hear()) as number[]));
  for (const { over } of processes) await over();
  const total = PROCESSES * WRITERS * additions;
  assertCounted(sums.flat(), total);
  assert.equal(await textAt(store, shared), `${total}`);
  for (const key of plans.flatMap(({ own }) => own)) assert.equal(await textAt(store, key), `${additions}`);
}

async function textAt(store: Store, key: string): Promise<string | undefined> {
  const entry = await store.read(key);
  return entry && new TextDecoder().decode(entry.value);
}
