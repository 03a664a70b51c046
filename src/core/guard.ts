import { type Clock, systemClock } from "../clock.ts";
import { SessionError } from "../errors.ts";
import type { Durable, Store } from "../store.ts";
import { Breaker, NoAnswer } from "./breaker.ts";

/**
 * A store whose every answer comes within `timeout` seconds, and whose every failure is a `SessionError` of code
 * `STORE` with the engine's own error as its cause. After five calls in a row without an answer, others fail at once for
 * half a second.
 */
export function guarded(
  store: Store & Partial<Durable>,
  timeout: number,
  clock: Clock = systemClock,
): Store & Partial<Durable> {
  const breaker = new Breaker(clock);
  const run = <Answer>(verb: string, ask: () => Promise<Answer>): Promise<Answer> => {
    return breaker
      .run(() => inTime(ask, timeout))
      .catch((cause: unknown) => {
        if (cause instanceof SessionError) throw cause;
        throw new SessionError("STORE", `the session store could not ${verb}`, { cause });
      });
  };
  const { capabilities, confirm } = store;
  return {
    ...(capabilities && { capabilities }),
    ...(confirm && { confirm: (key) => run("confirm", () => confirm.call(store, key)) }),
    create: (key, entry) => run("create", () => store.create(key, entry)),
    read: (key) => run("read", () => store.read(key)),
    update: (key, change) => run("update", () => store.update(key, change)),
    delete: (key) => run("delete", () => store.delete(key)),
  };
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
