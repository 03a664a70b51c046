import { describe, expect, test } from "vitest";
import type { Store } from "../../src/store.ts";
import { inMemory, runModel } from "./run.ts";

/** What a store may get wrong: each verb may be put in the place of the one it has. */
type Wrong = (store: Store) => Partial<Store>;

const WRONGS: Record<string, Wrong> = {
  "creates where it should update": (store) => ({
    async update(key, change) {
      const updated = await store.update(key, change);
      if (updated.done || updated.current || !("before" in change)) return updated;
      return { done: await store.create(key, change), current: undefined };
    },
  }),
  "swaps without comparing": (store) => ({
    async update(key, change) {
      const current = await store.read(key);
      return store.update(key, "before" in change && current ? { ...change, before: current.value } : change);
    },
  }),
  "forgets what stands there": (store) => ({
    async update(key, change) {
      const updated = await store.update(key, change);
      return updated.done ? updated : { done: false, current: undefined };
    },
  }),
  "moves no deadline": (store) => ({
    update: async (key, change) => ("before" in change ? store.update(key, change) : { done: true }),
  }),
  "keeps a deadline a millisecond too long": (store) => ({
    create: (key, entry) => store.create(key, { ...entry, expiresAt: entry.expiresAt + 1 }),
  }),
  "deletes nothing": () => ({ delete: async () => true }),
};

describe("the model sees that a store", () => {
  test.each(Object.entries(WRONGS))("%s", async (_name, wrong) => {
    const ground = () => {
      const right = inMemory();
      const { store } = right;
      const verbs: Store = {
        create: (key, entry) => store.create(key, entry),
        read: (key) => store.read(key),
        update: (key, change) => store.update(key, change),
        delete: (key) => store.delete(key),
      };
      return { ...right, store: { ...verbs, ...wrong(verbs) } };
    };
    const { failure } = await runModel(300, 1, ground, { shrinks: false });
    expect(failure).toContain("seed");
  });
});
