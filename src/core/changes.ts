/** Who is to hear of changes of records: for sessions whose connections outlive a request. */
import type { Clock } from "../clock.ts";
import type { Durable, Store, Watchable } from "../store.ts";

type Watched = Store & Partial<Durable & Watchable>;

/** Calls those who listen for a key. The store is asked to tell of others' changes as soon as there is somebody. */
export class Changes {
  readonly #store: Partial<Watchable>;
  readonly #listeners = new Map<string, Set<() => void>>();
  #isWatching = false;

  constructor(store: Partial<Watchable>) {
    this.#store = store;
  }

  /** Calls `changed` until the function that it gives is called. */
  on(key: string, changed: () => void): () => void {
    this.#watch();
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(changed));
    return () => {
      listeners.delete(changed);
      if (listeners.size === 0 && this.#listeners.get(key) === listeners) this.#listeners.delete(key);
    };
  }

  /** Without a key, any record may have been changed. */
  tell(key?: string): void {
    const told = key === undefined ? this.#listeners.values() : [this.#listeners.get(key) ?? []];
    for (const listeners of told) for (const changed of listeners) changed();
  }

  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#store.watch?.((key) => this.tell(key));
  }
}

/** A store that tells of the records that this process ends. What it changes otherwise is news to nobody who watches. */
export function observed(store: Watched, clock: Clock): { store: Watched; changes: Changes } {
  const changes = new Changes(store);
  const verbs: Pick<Store, "update" | "delete"> = {
    async update(key, change) {
      const updated = await store.update(key, change);
      if (change.expiresAt <= clock.now()) changes.tell(key);
      return updated;
    },
    async delete(key) {
      const deleted = await store.delete(key);
      changes.tell(key);
      return deleted;
    },
  };
  // All else is as it stands there by then: what a store can do may be found out later.
  return { store: Object.assign(Object.create(store) as Watched, verbs), changes };
}
