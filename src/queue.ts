import { requestsMayMeet } from "./runtime.ts";

/**
 * Does one thing after another for each name; what is for different names goes on at once. Where requests may not wait
 * for each other nothing is put off.
 */
export class Queue {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Does `act` when all that was queued for the name before is done, whether it went well or not. */
  async take<T>(name: string, act: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name);
    const turn = before && requestsMayMeet ? before.then(act, act) : act();
    this.#last.set(name, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(name) === turn) this.#last.delete(name);
    }
  }
}

const queues = new WeakMap<object, Queue>();

/** The queue of an engine, which all stores over that engine share. */
export function queueOf(engine: object): Queue {
  const queue = queues.get(engine) ?? new Queue();
  queues.set(engine, queue);
  return queue;
}
