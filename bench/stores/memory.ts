import { memoryStore } from "flagon/memory";
import { nowhere, type Subject } from "./subject.ts";

/** Beside a `Map` behind the same promises, which copies its values as a store has to. */
export const memory: Subject = {
  name: "memory",
  title: "memory",
  calls: 30_000,
  start: nowhere,
  async connect(_url, clock) {
    const map = new Map<string, { value: Buffer; expiresAt: number }>();
    const isLive = (key: string) => (map.get(key)?.expiresAt ?? 0) > clock.now();
    return {
      store: memoryStore({ clock, maxEntries: 1_000_000 }),
      raw: {
        async create(key, value, expiresAt) {
          return !isLive(key) && map.set(key, { value: Buffer.from(value), expiresAt }).size > 0;
        },
        async read(key) {
          return isLive(key) ? Buffer.from(map.get(key)?.value ?? "") : undefined;
        },
        async update(key, before, value, expiresAt) {
          if (!isLive(key) || !map.get(key)?.value.equals(before)) return false;
          map.set(key, { value: Buffer.from(value), expiresAt });
          return true;
        },
      },
      async size() {
        globalThis.gc?.();
        const { heapUsed, external } = process.memoryUsage();
        return heapUsed + external;
      },
      close: () => undefined,
    };
  },
};
