import type { Store } from "../../src/store.ts";
import { bytes } from "../../src/testing/internal/stage.ts";

/** Deadlines that no clock tells. */
export const ODD_DEADLINES = [Number.NaN, -Infinity, Infinity, Number.MAX_VALUE, 0.5];

/** Writes a deadline in every way there is, and calls `look` after each. */
export async function writeAll(store: Store, key: string, expiresAt: number, look: () => Promise<void>): Promise<void> {
  const [value, inAMinute] = [bytes("a"), Date.now() + 60_000];
  const writes = [
    () => store.create(key, { value, expiresAt }),
    () => store.update(key, { before: value, value: bytes("b"), expiresAt }),
    () => store.update(key, { expiresAt }),
  ];
  for (const write of writes) {
    await write();
    await look();
    await store.create(key, { value, expiresAt: inAMinute });
  }
  await store.delete(key);
}
