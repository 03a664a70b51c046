/** What the tests of the memory store need a process of its own for: `node --expose-gc memory-worker.ts <job>`. */
import { randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { memoryStore } from "../../src/stores/memory.ts";

const ENTRIES = 20_000;

/** A store whose entries live for another hour. */
async function filled(): Promise<ReturnType<typeof memoryStore>> {
  const store = memoryStore();
  const expiresAt = Date.now() + 3_600_000;
  for (let n = 0; n < ENTRIES; n++) {
    await store.create(randomBytes(32).toString("hex"), { value: new Uint8Array(245).fill(n), expiresAt });
  }
  return store;
}

function heap(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const jobs: Record<string, () => Promise<void>> = {
  /** Says how many bytes of heap an entry of 245 bytes takes. */
  async weigh() {
    const before = heap();
    const store = await filled();
    console.log((heap() - before) / ENTRIES);
    await store.read("");
  },

  /** Says whether a store is forgotten that nobody holds, although its entries live. */
  async forget() {
    const held = new WeakRef(await filled());
    await nextTurn();
    heap();
    console.log(held.deref() === undefined ? "forgotten" : "held");
  },
};

await jobs[process.argv[2] ?? ""]?.();
