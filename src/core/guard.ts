import { type Clock, systemClock } from "../clock.ts";
import { SessionError } from "../errors.ts";
import type { Durable, Store, Sweepable, Watchable } from "../store.ts";
import { Breaker, NoAnswer } from "./breaker.ts";

/** A store, and what it may be able to do beside the verbs during a request. */
export type Guarded = Store & Partial<Durable & Sweepable & Watchable>;

/**
 * A store whose every answer comes within `timeout` seconds, and whose every failure is a `SessionError` of code
 * `STORE` with the engine's own error as its cause. After five calls in a row without an answer, others fail at once for
 * half a second. A sweep takes the time that it takes: no request waits for it.
 */
export function guarded(store: Guarded, timeout: number, clock: Clock = systemClock): Guarded {
  const breaker = new Breaker(clock);
  const run = <Answer>(verb: string, ask: () => Promise<Answer>) => {
    return named(
      verb,
      breaker.run(() => inTime(ask, timeout)),
    );
  };
  const { capabilities, confirm, deleteExpired, watch } = store;
  return {
    ...(capabilities && { capabilities }),
    ...(confirm && { confirm: (key) => run("confirm", () => confirm.call(store, key)) }),
    ...(deleteExpired && { deleteExpired: async () => named("sweep", deleteExpired.call(store)) }),
    ...(watch && { watch: (changed) => watch.call(store, changed) }),
    create: (key, entry) => run("create", () => store.create(key, entry)),
    read: (key) => run("read", () => store.read(key)),
    update: (key, change) => run("update", () => store.update(key, change)),
    delete: (key) => run("delete", () => store.delete(key)),
  };
}

/** An answer whose failure says what the store could not do. */
function named<Answer>(verb: string, answer: Promise<Answer>): Promise<Answer> {
  return answer.catch((cause: unknown) => {
    if (cause instanceof SessionError) throw cause;
    throw new SessionError("STORE", `the session store could not ${verb}`, { cause });
  });
}

/** An answer, unless it takes longer than `timeout` seconds: then it rejects. */
export function inTime<Answer>(ask: () => Promise<Answer>, timeout: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new NoAnswer(`no answer within ${timeout} s`)), timeout * 1000);
    const refuse = (error: unknown) => {
      clearTimeout(timer);
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    try {
      ask().then((answer) => {
        clearTimeout(timer);
        resolve(answer);
      }, refuse);
    } catch (error) {
      refuse(error);
    }
  });
}
