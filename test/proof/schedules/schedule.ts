/** Actors that share a store are held before each call of it: who goes on next is decided, not hoped for. */
import type { Store, Verb } from "../../../src/index.ts";
import type { Choose } from "./random.ts";

/** A call of the store. `began` and `ended` count what began and ended in the schedule, one after the other. */
export interface Call {
  readonly actor: string;
  readonly verb: Verb;
  readonly key: string;
  readonly began: number;
  readonly ended: number;
  readonly answer: unknown;
  /** Whether it was to remove the entry. */
  readonly kills: boolean;
}

interface Held {
  readonly actor: string;
  go(): void;
}

export class Schedule {
  readonly calls: Call[] = [];
  readonly #choose: Choose;
  /** Whether all who are held may also go at the same time. */
  readonly #mayRace: boolean;
  readonly #actors = new Set<string>();
  #held: Held[] = [];
  #executing = 0;
  #instant = 0;

  constructor(choose: Choose, mayRace: boolean) {
    this.#choose = choose;
    this.#mayRace = mayRace;
  }

  /** What an actor calls in the place of its store. */
  storeFor(actor: string, store: Store): Store {
    const held = async (verb: Verb, key: string, call: () => Promise<unknown>, kills = false) => {
      await this.#hold(actor);
      const began = this.#instant++;
      const answer = await call().finally(() => this.#settle());
      this.calls.push({ actor, verb, key, began, ended: this.#instant++, answer, kills });
      return answer as never;
    };
    return {
      create: (key, entry) => held("create", key, () => store.create(key, entry)),
      read: (key) => held("read", key, () => store.read(key)),
      update: (key, change) => held("update", key, () => store.update(key, change), change.expiresAt === 0),
      delete: (key) => held("delete", key, () => store.delete(key), true),
    };
  }

  /** Lets the actors act until all are done. */
  run<Told>(actors: Readonly<Record<string, () => Promise<Told>>>): Promise<Told[]> {
    for (const name of Object.keys(actors)) this.#actors.add(name);
    const act = async ([name, actor]: [string, () => Promise<Told>]) => {
      const told = await actor();
      this.#actors.delete(name);
      this.#goOn();
      return told;
    };
    return Promise.all(Object.entries(actors).map(act));
  }

  /** How it went, for whoever is to see it again. */
  toString(): string {
    const inOrder = this.calls.toSorted((a, b) => a.began - b.began);
    return inOrder.map(({ actor, verb, began, ended }) => `${actor} ${verb} ${began}-${ended}`).join(", ");
  }

  #hold(actor: string): Promise<void> {
    return new Promise((go) => {
      this.#held.push({ actor, go });
      this.#goOn();
    });
  }

  #settle(): void {
    this.#executing--;
    // Who called may hold another call already, and come here no more.
    setImmediate(() => this.#goOn());
  }

  /** Chooses once all are held: then nothing moves but what is chosen. */
  #goOn(): void {
    const isMoving = [...this.#actors].some((name) => !this.#held.some(({ actor }) => actor === name));
    if (this.#executing > 0 || isMoving || this.#held.length === 0) return;
    const held = this.#held.toSorted((a, b) => (a.actor < b.actor ? -1 : 1));
    const races = this.#mayRace && held.length > 1;
    const chosen = held.length === 1 ? 0 : this.#choose(held.length + (races ? 1 : 0));
    const going = chosen < held.length ? held.slice(chosen, chosen + 1) : held;
    this.#held = held.filter((call) => !going.includes(call));
    this.#executing += going.length;
    for (const { go } of going) go();
  }
}
