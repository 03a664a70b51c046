import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { bridgeOver, type Shelf } from "../../src/stores/internal/bridge.ts";
import { bytes } from "../../src/testing/internal/stage.ts";
import { able, listed } from "./bridge-helpers.ts";
import { entry } from "./entries.ts";

/** An engine in a `Map`, of which the next answer can be kept back. */
class Engine implements Shelf {
  readonly texts = new Map<string, unknown>();
  asked = 0;
  #held: Promise<void> | undefined;

  /** Keeps the next answer back until the function that is returned is called. */
  hold(): () => void {
    const { promise, release } = gate();
    this.#held = promise;
    return release;
  }
  async get(name: string): Promise<unknown> {
    return this.#answer(() => this.texts.get(name));
  }
  async set(name: string, text: string): Promise<void> {
    await this.#answer(() => this.texts.set(name, text));
  }
  async remove(name: string): Promise<void> {
    await this.#answer(() => this.texts.delete(name));
  }
  names(): string[] {
    return [...this.texts.keys()];
  }
  async #answer<T>(act: () => T): Promise<T> {
    this.asked++;
    const held = this.#held;
    this.#held = undefined;
    await held;
    return act();
  }
}

describe("a bridge", () => {
  test("asks an engine once to read, and twice to change", async () => {
    const engine = new Engine();
    const store = bridgeOver(engine, engine, {});
    const asked = async (act: () => Promise<unknown>) => {
      engine.asked = 0;
      await act();
      return engine.asked;
    };
    expect(await asked(() => store.create("key", entry("a")))).toBe(2);
    expect(await asked(() => store.create("key", entry("b")))).toBe(1);
    expect(await asked(() => store.read("key"))).toBe(1);
    expect(await asked(() => store.update("key", { ...entry("b"), before: bytes("a") }))).toBe(2);
    expect(await asked(() => store.update("key", { ...entry("c"), before: bytes("a") }))).toBe(1);
    expect(await asked(() => store.update("key", entry("b")))).toBe(2);
    expect(await asked(() => store.delete("key"))).toBe(2);
    expect(await asked(() => store.delete("key"))).toBe(1);
  });

  test("has all stores over one engine take turns", async () => {
    const engine = new Engine();
    const stores = Array.from({ length: 20 }, () => bridgeOver(engine, engine, {}));
    const created = await Promise.all(stores.map((store) => store.create("key", entry("a"))));
    expect(created.filter(Boolean)).toHaveLength(1);
  });

  test("lets nobody wait for another key", async () => {
    const engine = new Engine();
    const store = bridgeOver(engine, engine, {});
    const release = engine.hold();
    const slow = store.create("slow", entry("a"));
    expect(await store.create("quick", entry("a"))).toBe(true);
    release();
    expect(await slow).toBe(true);
  });

  test("keeps what it was given when it was asked, however long it waits", async () => {
    const engine = new Engine();
    const store = bridgeOver(engine, engine, {});
    const release = engine.hold();
    const given = entry("a");
    const created = store.create("key", given);
    given.value.fill(0);
    release();
    await created;
    expect(await listed(able(store))).toEqual([["key", "a"]]);
  });

  test("gives an engine up that never answers, and lets the next one have its turn", async () => {
    const engine = new Engine();
    const store = bridgeOver(engine, engine, { patience: 20 });
    const release = engine.hold();
    const first = store.create("key", entry("first"));
    const second = store.create("key", entry("second"));
    await expect(first).rejects.toThrow("gave no answer in 20 ms");
    expect(await second).toBe(true);
    release();
    await nextTurn();
    expect(await listed(able(store))).toEqual([["key", "second"]]);
  });

  test("goes on after a failure", async () => {
    const engine = new Engine();
    const down = () => Promise.reject(new Error("down"));
    const store = bridgeOver(engine, { get: down, set: down, remove: down }, {});
    const other = bridgeOver(engine, engine, {});
    const failed = store.create("key", entry("a"));
    const created = other.create("key", entry("b"));
    await expect(failed).rejects.toThrow("down");
    expect(await created).toBe(true);
  });

  test("lets other work through while it sweeps and lists", async () => {
    const engine = new Engine();
    const store = able(bridgeOver(engine, engine, {}));
    for (let n = 0; n < 1000; n++) await store.create(`${n}`, entry("a"));
    for (const work of [() => store.deleteExpired(), () => listed(store)]) {
      let turns = 0;
      let next = setImmediate(function count() {
        turns++;
        next = setImmediate(count);
      });
      await work();
      clearImmediate(next);
      expect(turns).toBeGreaterThan(5);
    }
  });
});

/** A promise, and what fulfils it. */
function gate(): { promise: Promise<void>; release: () => void } {
  let release: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => (release = resolve));
  return { promise, release };
}
