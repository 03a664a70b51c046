import type { Change, Entry, Store, Updated, Verb } from "../../src/store.ts";

/** A failure to come: of which call from now on, and whether the store has done by then what it was asked. */
export interface Fault {
  readonly call: number;
  readonly applied: boolean;
}

/** A store that counts what it is asked, and fails when it is told to. */
export class Watched implements Store {
  readonly #store: Store;
  #asked: Partial<Record<Verb, number>> = {};
  #fault: Fault | undefined;
  #calls = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  create(key: string, entry: Entry): Promise<boolean> {
    return this.#run("create", () => this.#store.create(key, entry));
  }

  read(key: string): Promise<Entry | undefined> {
    return this.#run("read", () => this.#store.read(key));
  }

  update(key: string, change: Change): Promise<Updated> {
    return this.#run("update", () => this.#store.update(key, change));
  }

  delete(key: string): Promise<boolean> {
    return this.#run("delete", () => this.#store.delete(key));
  }

  /** What was asked since the last call. */
  take(): Partial<Record<Verb, number>> {
    const asked = this.#asked;
    this.#asked = {};
    return asked;
  }

  failAt(fault: Fault | undefined): void {
    this.#fault = fault;
    this.#calls = 0;
  }

  async #run<Answer>(verb: Verb, ask: () => Promise<Answer>): Promise<Answer> {
    this.#asked[verb] = (this.#asked[verb] ?? 0) + 1;
    if (this.#fault?.call !== ++this.#calls) return ask();
    if (this.#fault.applied) await ask();
    throw new Error("ECONNRESET");
  }
}
