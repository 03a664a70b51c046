import { describe, expect, test } from "vitest";
import type { Clock } from "../../src/clock.ts";
import type { Durable, Entry, Store, Verb } from "../../src/store.ts";
import { cachedStore, type CachedStoreOptions } from "../../src/stores/cached.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { countingStore } from "../../src/testing/index.ts";
import { bytes, newKey } from "../../src/testing/internal/stage.ts";
import { testListable, testStore, testSweepable } from "../../src/testing/store-suite.ts";

const SECOND = 1000;

const open = (clock: Clock) => cachedStore(memoryStore({ clock }), memoryStore({ clock }), { clock });

describe("cached store, memory before memory", () => {
  testStore({ test, open });
  testListable({ test, open });
  testSweepable({ test, open });
});

/** Two processes, as far as they know, and the store that they share. */
function twoOverOne(before?: (verb: Verb) => unknown, options: CachedStoreOptions = {}) {
  const clock = manualClock();
  const far = memoryStore({ clock });
  const counted = countingStore(far, before);
  const cached = (store: Store) => cachedStore(memoryStore({ clock }), store, { clock, ...options });
  const entry = (text: string): Entry => ({ value: bytes(text), expiresAt: clock.now() + 60 * SECOND });
  return { clock, far, counted, here: cached(counted), elsewhere: cached(far), key: newKey(), entry };
}

describe("a near copy", () => {
  test("spares the far store a read, after a write as after a read", async () => {
    const { counted, here, key, entry } = twoOverOne();
    await here.create(key, entry("a"));
    expect(await textAt(here, key)).toBe("a");
    await here.update(key, { ...entry("b"), before: bytes("a") });
    expect(await textAt(here, key)).toBe("b");
    await here.update(key, { expiresAt: entry("").expiresAt + SECOND });
    expect(await here.read(key)).toEqual({ value: Buffer.from("b"), expiresAt: entry("").expiresAt + SECOND });
    expect(counted.take()).toEqual({ create: 1, read: 0, update: 2, delete: 0 });
  });

  test.each([0.5, undefined, 30])("is late by no more than a maxAge of %s", async (maxAge) => {
    const { clock, here, elsewhere, key, entry } = twoOverOne(undefined, maxAge === undefined ? {} : { maxAge });
    const age = (maxAge ?? 1) * SECOND;
    await elsewhere.create(key, entry("a"));
    expect(await textAt(here, key)).toBe("a");
    await elsewhere.delete(key);
    clock.advance(age - 1);
    expect(await textAt(here, key)).toBe("a");
    clock.advance(1);
    expect(await textAt(here, key)).toBeUndefined();
  });

  test("grows no younger by a new deadline", async () => {
    const { clock, here, elsewhere, key, entry } = twoOverOne();
    await here.create(key, entry("a"));
    await elsewhere.update(key, { ...entry("b"), before: bytes("a") });
    clock.advance(SECOND - 1);
    await here.update(key, { expiresAt: entry("").expiresAt });
    clock.advance(1);
    expect(await textAt(here, key)).toBe("b");
  });

  test("does not count when the clock was set back", async () => {
    const { clock, here, elsewhere, key, entry } = twoOverOne();
    await here.create(key, entry("a"));
    await elsewhere.delete(key);
    clock.advance(-1);
    expect(await textAt(here, key)).toBeUndefined();
  });

  test("is never kept of nothing: what another creates is seen at once", async () => {
    const { here, elsewhere, key, entry } = twoOverOne();
    expect(await here.read(key)).toBeUndefined();
    await elsewhere.create(key, entry("a"));
    expect(await textAt(here, key)).toBe("a");
  });

  test("that is late loses no update, and is mended by the swap that it lost", async () => {
    const { counted, here, elsewhere, key, entry } = twoOverOne();
    await here.create(key, entry("a"));
    await elsewhere.update(key, { ...entry("b"), before: bytes("a") });
    expect(await textAt(here, key)).toBe("a");
    const updated = await here.update(key, { ...entry("c"), before: bytes("a") });
    expect(updated).toMatchObject({ done: false, current: { value: Buffer.from("b") } });
    expect(await textAt(here, key)).toBe("b");
    expect(counted.take().read).toBe(0);
  });

  test("goes with a session that ended elsewhere, when a save finds out", async () => {
    const { here, elsewhere, key, entry } = twoOverOne();
    await here.create(key, entry("a"));
    await elsewhere.delete(key);
    expect(await here.update(key, { expiresAt: entry("").expiresAt })).toEqual({ done: false, current: undefined });
    expect(await here.read(key)).toBeUndefined();
  });
});

describe("a call that is under way", () => {
  /** Holds the far store's answers to a verb until they are let go. */
  function holding(held: Verb) {
    const answers: (() => void)[] = [];
    const all = twoOverOne();
    const far = all.far;
    const told = async <Answer>(verb: Verb, asked: Promise<Answer>): Promise<Answer> => {
      const answer = await asked;
      return verb === held ? new Promise((resolve) => answers.push(() => resolve(answer))) : answer;
    };
    const slow: Store = {
      create: (key, entry) => told("create", far.create(key, entry)),
      read: (key) => told("read", far.read(key)),
      update: (key, change) => told("update", far.update(key, change)),
      delete: (key) => told("delete", far.delete(key)),
    };
    const here = cachedStore(memoryStore({ clock: all.clock }), slow, { clock: all.clock });
    const isHeld = async (count = 1) => {
      await expect.poll(() => answers.length).toBe(count);
    };
    return { ...all, slow, here, isHeld, letGo: (n: number) => answers[n]?.() };
  }

  test("does not bring back what was deleted meanwhile", async () => {
    const { far, here, isHeld, letGo, key, entry } = holding("read");
    await far.create(key, entry("a"));
    const reading = here.read(key);
    await isHeld();
    await here.delete(key);
    letGo(0);
    expect(await reading).toBeDefined();
    const again = here.read(key);
    await isHeld(2);
    letGo(1);
    expect(await again).toBeUndefined();
  });

  test("does not keep what it read while a delete was under way", async () => {
    const { far, here, isHeld, letGo, key, entry } = holding("delete");
    await far.create(key, entry("a"));
    const deleting = here.delete(key);
    await isHeld();
    // Another process puts it there again, and this one reads it before it hears that the delete is done.
    await far.create(key, entry("b"));
    expect(await textAt(here, key)).toBe("b");
    await far.delete(key);
    letGo(0);
    expect(await deleting).toBe(true);
    expect(await here.read(key)).toBeUndefined();
  });

  test("is a delete: the copy goes before it is answered", async () => {
    const { here, isHeld, letGo, key, entry } = holding("delete");
    await here.create(key, entry("a"));
    const deleting = here.delete(key);
    await isHeld();
    expect(await here.read(key)).toBeUndefined();
    letGo(0);
    await deleting;
  });

  test("does not bring back what was read before a delete that began earlier took place", async () => {
    const gate = newGate();
    const { far, counted, clock, key, entry } = twoOverOne((verb) => (verb === "delete" ? gate.passed : undefined));
    const answer = newGate();
    const read = async (name: string) => {
      const found = await counted.read(name);
      await answer.passed;
      return found;
    };
    const here = cachedStore(memoryStore({ clock }), { ...counted, read }, { clock });
    await far.create(key, entry("a"));
    const deleting = here.delete(key);
    const reading = here.read(key);
    await expect.poll(() => counted.take().read).toBe(1);
    gate.open();
    expect(await deleting).toBe(true);
    answer.open();
    expect(await reading).toBeDefined();
    expect(await here.read(key)).toBeUndefined();
  });

  test("does not keep what a delete that began earlier has yet to remove", async () => {
    const gate = newGate();
    const { here, key, entry } = twoOverOne((verb) => (verb === "delete" ? gate.passed : undefined));
    await here.create(key, entry("a"));
    const deleting = here.delete(key);
    expect(await here.update(key, { ...entry("b"), before: bytes("a") })).toEqual({ done: true });
    gate.open();
    expect(await deleting).toBe(true);
    expect(await here.read(key)).toBeUndefined();
  });

  test("does not keep what another write of this process has overtaken", async () => {
    const { far, here, isHeld, letGo, key, entry } = holding("update");
    await far.create(key, entry("a"));
    const first = here.update(key, { ...entry("b"), before: bytes("a") });
    await isHeld();
    const second = here.update(key, { ...entry("c"), before: bytes("b") });
    await isHeld(2);
    letGo(1);
    expect(await second).toEqual({ done: true });
    letGo(0);
    expect(await first).toEqual({ done: true });
    expect(await textAt(here, key)).toBe("c");
  });

  test("does not keep what changed elsewhere meanwhile, when the far store tells", async () => {
    let tell: ((key?: string) => void) | undefined;
    const all = holding("read");
    const watch = (changed: (key?: string) => void) => {
      tell = changed;
      return { isComplete: async () => true };
    };
    const here = cachedStore(memoryStore({ clock: all.clock }), { ...all.slow, watch }, { clock: all.clock });
    for (const [n, changed] of [all.key, undefined].entries()) {
      await all.far.create(all.key, all.entry("a"));
      const reading = here.read(all.key);
      await all.isHeld(2 * n + 1);
      await all.far.delete(all.key);
      tell?.(changed);
      all.letGo(2 * n);
      expect(await reading).toBeDefined();
      const again = here.read(all.key);
      await all.isHeld(2 * n + 2);
      all.letGo(2 * n + 1);
      expect(await again).toBeUndefined();
    }
  });

  test("leaves no copy when it fails, since it may have been done", async () => {
    let fails = false;
    const { far, here, key, entry } = twoOverOne((verb) => {
      if (fails && verb !== "read") throw new Error("down");
    });
    await here.create(key, entry("a"));
    fails = true;
    await expect(here.delete(key)).rejects.toThrow("down");
    await far.delete(key);
    expect(await here.read(key)).toBeUndefined();
  });
});

describe("cachedStore", () => {
  test("can what the far store can, and nothing else", async () => {
    const far: Store & Durable = Object.assign(memoryStore() as Store, {
      capabilities: { swap: false },
      confirm: async (key: string) => key === "safe",
    });
    const store = cachedStore(memoryStore(), far);
    expect(store.capabilities).toEqual({ swap: false });
    expect(await store.confirm("safe")).toBe(true);
    const plain: Store = { ...bound(memoryStore()) };
    const able = Object.keys(cachedStore(memoryStore(), plain));
    expect(able).toEqual([]);
  });

  test.each([{ maxAge: 0 }, { maxAge: NaN }, { maxAge: 3601 }, { maxAge: "1" }, { clock: {} }])(
    "refuses %o",
    (options) => {
      expect(() => cachedStore(memoryStore(), memoryStore(), options as never)).toThrow(
        expect.objectContaining({ code: "CONFIG" }),
      );
    },
  );
});

/** What holds others up until it is opened. */
function newGate() {
  let pass = (): void => {};
  const passed = new Promise<void>((resolve) => (pass = resolve));
  return { passed, open: () => pass() };
}

/** The four verbs alone. */
function bound(store: Store): Store {
  return {
    create: (key, entry) => store.create(key, entry),
    read: (key) => store.read(key),
    update: (key, change) => store.update(key, change),
    delete: (key) => store.delete(key),
  };
}

async function textAt(store: Store, key: string): Promise<string | undefined> {
  const entry = await store.read(key);
  return entry && new TextDecoder().decode(entry.value);
}
