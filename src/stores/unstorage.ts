/**
 * Keeps entries in an unstorage `Storage`: the dozens of engines that there are drivers for.
 *
 * A bridge, see `internal/bridge.ts`. unstorage cannot compare and swap, so this holds within one process only.
 */
import { SessionError } from "../errors.ts";
import type { Listable, Store, Sweepable } from "../store.ts";
import { bridgeOver, type BridgeOptions } from "./internal/bridge.ts";

/** What is asked of unstorage 1. */
export interface UnstorageInstance {
  getItem(key: string): Promise<unknown>;
  /** `ttl` in seconds. */
  setItem(key: string, value: string, options: { ttl: number }): Promise<void>;
  removeItem(key: string): Promise<void>;
  getKeys(): Promise<string[]>;
  getMount(key: string): { driver: { name?: string } };
}

/** Whose time `unstorageStore` counts by. */
export type UnstorageStoreOptions = BridgeOptions;

/** Drivers that tell nobody when they could not remove a file. */
const SILENT = new Set(["fs", "fs-lite"]);

/** Keeps entries in a `Storage`, at its root; `prefixStorage` gives one with another. Throws `CONFIG` when it is none. */
export function unstorageStore(
  storage: UnstorageInstance,
  options: UnstorageStoreOptions = {},
): Store & Listable & Sweepable {
  checkStorage(storage);
  const get = async (name: string) => thrown(await storage.getItem(name));
  const shelf = {
    get,
    set: (name: string, text: string, life: number) => storage.setItem(name, text, { ttl: Math.ceil(life / 1000) }),
    async remove(name: string) {
      await storage.removeItem(name);
      const { driver } = storage.getMount(name);
      if (SILENT.has(driver.name ?? "") && (await get(name)) !== null)
        throw new Error("unstorage did not remove an item");
    },
    async *names() {
      yield* await storage.getKeys();
    },
  };
  return bridgeOver(storage, shelf, options);
}

function checkStorage(storage: unknown): void {
  const { getItem, setItem, removeItem, getKeys, getMount } = (storage ?? {}) as Partial<UnstorageInstance>;
  if ([getItem, setItem, removeItem, getKeys, getMount].every((each) => typeof each === "function")) return;
  throw new SessionError(
    "CONFIG",
    "unstorageStore was given no Storage; give what createStorage() of unstorage 1 makes",
  );
}

/** What was found. The drivers of files give an error for a value when they cannot read one. */
function thrown(found: unknown): unknown {
  if (found instanceof Error) throw found;
  return found;
}
