/** A number that many writers raise by compare and swap: it shows what was lost, and what was done twice. */
import assert from "node:assert/strict";
import type { Store } from "../../store.ts";
import { bytes, range } from "./stage.ts";

/**
 * Adds one so many times, and gives the numbers that it wrote. The deadline stays what it was at first: one that is told
 * by an engine, and given back to it, moves by whatever the engine rounds.
 */
export async function countUp(store: Store, key: string, times: number): Promise<number[]> {
  const { expiresAt = 0 } = (await store.read(key)) ?? {};
  const sums: number[] = [];
  for (const _ of range(times)) sums.push(await addOne(store, key, expiresAt));
  return sums;
}

/** Fails unless all that was added up to `total` was acknowledged, and once. */
export function assertCounted(sums: readonly number[], total: number): void {
  const sorted = sums.toSorted((a, b) => a - b);
  assert.deepEqual(
    sorted,
    range(total).map((n) => n + 1),
  );
}

async function addOne(store: Store, key: string, expiresAt: number): Promise<number> {
  let current = await store.read(key);
  for (;;) {
    assert.ok(current, "the number is gone");
    const sum = Number(new TextDecoder().decode(current.value)) + 1;
    const updated = await store.update(key, { before: current.value, value: bytes(`${sum}`), expiresAt });
    if (updated.done) return sum;
    current = updated.current;
  }
}
