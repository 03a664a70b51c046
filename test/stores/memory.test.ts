import { once } from "node:events";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Clock } from "../../src/clock.ts";
import type { Listable } from "../../src/store.ts";
import { memoryStore, type MemoryStoreOptions } from "../../src/stores/memory.ts";
import { type ManualClock, manualClock } from "../../src/testing/clock.ts";
import { peer } from "../../src/testing/internal/peer.ts";
import { bytes, range } from "../../src/testing/internal/stage.ts";
import { testListable, testStore, testSweepable } from "../../src/testing/store-suite.ts";
import { startWorker } from "./start-worker.ts";

const kit = { test, open: (clock: Clock) => memoryStore({ clock }) };

describe("memory store", () => {
  testStore(kit);
  testListable(kit);
  testSweepable(kit);
});

describe("a memory store that is full", () => {
  const clock = manualClock();
  const expiresAt = clock.now() + 1000;
  const open = async (...keys: string[]) => {
    const store = memoryStore({ clock, maxEntries: 3 });
    for (const key of keys) await store.create(key, { value: bytes(key), expiresAt });
    return store;
  };

  test("drops what was created first, and warns that it does", async () => {
    const warning = once(process, "warning");
    expect(await keysIn(await open("a", "b", "c", "d", "e"))).toEqual(["c", "d", "e"]);
    expect(await warning).toMatchObject([{ name: "FlagonWarning", code: "MEMORY_STORE_FULL" }]);
  });

  test("drops what was neither swapped nor touched", async () => {
    const store = await open("a", "b", "c");
    await store.update("a", { expiresAt, before: bytes("a"), value: bytes("A") });
    await store.update("b", { expiresAt });
    await store.create("d", { value: bytes("d"), expiresAt });
    expect(await keysIn(store)).toEqual(["a", "b", "d"]);
  });

  test("drops nothing for reading, for a lost swap, or for writing what it has", async () => {
    const store = await open("a", "b", "c");
    await store.read("a");
    await store.create("a", { value: bytes("a"), expiresAt });
    await store.update("b", { expiresAt, before: bytes("x"), value: bytes("y") });
    await store.update("c", { expiresAt });
    expect(await keysIn(store)).toEqual(["a", "b", "c"]);
  });

  test("has room again for each entry that was removed", async () => {
    const store = await open("a", "b", "c");
    await store.delete("a");
    await store.update("b", { expiresAt: 0 });
    await store.create("d", { value: bytes("d"), expiresAt });
    await store.create("e", { value: bytes("e"), expiresAt });
    expect(await keysIn(store)).toEqual(["c", "d", "e"]);
  });

  test("never holds more than it may", async () => {
    const store = memoryStore({ clock, maxEntries: 100 });
    for (const n of range(10_000)) await store.create(`${n}`, { value: bytes("one"), expiresAt });
    expect(await keysIn(store)).toHaveLength(100);
  });
});

describe("the sweep of a memory store", () => {
  afterEach(() => void vi.useRealTimers());

  test("runs by itself until nothing is left, and again after the next write", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const clock = manualClock();
    const store = memoryStore({ clock });
    for (const _ of range(2)) {
      expect(vi.getTimerCount()).toBe(0);
      await store.create("a", { value: bytes("one"), expiresAt: clock.now() + 90_000 });
      expect(vi.getTimerCount()).toBe(1);
      await advance(clock, 60_000);
      expect(await store.read("a")).toBeDefined();
      await advance(clock, 60_000);
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  test("goes through more entries than a slice holds", async () => {
    const clock = manualClock();
    const store = memoryStore({ clock });
    const keys = range(9000).map(String);
    const lives = (n: number) => clock.now() + (n % 3 === 0 ? 2 : 1);
    for (const [n, key] of keys.entries()) await store.create(key, { value: bytes("one"), expiresAt: lives(n) });
    clock.advance(1);
    expect(await store.deleteExpired()).toBe(6000);
    clock.advance(1);
    expect(await store.deleteExpired()).toBe(3000);
  });

  test("lets other work through", async () => {
    const clock = manualClock();
    const store = memoryStore({ clock });
    for (const n of range(9000)) await store.create(`${n}`, { value: bytes("one"), expiresAt: clock.now() + 1 });
    clock.advance(1);
    let turns = 0;
    const count = (): void => void (turns++, (next = setImmediate(count)));
    let next = setImmediate(count);
    await store.deleteExpired();
    clearImmediate(next);
    expect(turns).toBeGreaterThanOrEqual(4);
  });
});

describe("a memory store in a process of its own", () => {
  test("takes less than 600 bytes of heap for an entry of 245, and lets the process end", async () => {
    const child = peer(startWorker("memory", "weigh"));
    const weight = Number(await child.hear());
    console.log(`memory store: ${Math.round(weight)} bytes of heap for an entry of 245`);
    expect(weight).toBeLessThan(600);
    await child.over();
  });

  test("is forgotten when nobody holds it", async () => {
    expect(await peer(startWorker("memory", "forget")).hear()).toBe("forgotten");
  });
});

describe("memoryStore", () => {
  test.each<[MemoryStoreOptions, string]>([
    [{ maxEntries: 0 }, "maxEntries is 0; give a whole number from 1 to 16777216"],
    [{ maxEntries: 1.5 }, "maxEntries is 1.5; "],
    [{ maxEntries: NaN }, "maxEntries is NaN; "],
    [{ maxEntries: 2 ** 25 }, "maxEntries is 33554432; "],
    [{ maxEntries: "9" as unknown as number }, "maxEntries is '9'; "],
    [{ clock: {} as Clock }, "clock is {}; give an object whose now() is in epoch milliseconds"],
    [{ clock: null as unknown as Clock }, "clock is null; "],
  ])("refuses %o", (options, message) => {
    expect(() => memoryStore(options)).toThrow(
      expect.objectContaining({ code: "CONFIG", message: expect.stringContaining(message) as string }),
    );
  });
});

async function keysIn(store: Listable): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key] of store.list()) keys.push(key);
  return keys;
}

async function advance(clock: ManualClock, ms: number): Promise<void> {
  clock.advance(ms);
  await vi.advanceTimersByTimeAsync(ms);
}
