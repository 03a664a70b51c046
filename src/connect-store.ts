/**
 * The contract of stores that are made for express-session or connect, and how they are asked: they call back, or give a
 * promise.
 */

/** What comes of a call: an error, or an answer. */
export type Callback = (error?: unknown, answer?: unknown) => void;

/** What is asked of a store for express-session: it calls back, or gives a promise. */
export interface ConnectStore {
  get(id: string, callback: Callback): unknown;
  // The stores' own types of a session differ and say more than what they ask for.
  // oxlint-disable-next-line typescript/no-explicit-any -- as programs and stores that were typed for express-session have it
  set(id: string, session: any, callback: Callback): unknown;
  destroy(id: string, callback: Callback): unknown;
  /** All sessions, as a list or by their ids. */
  all?(callback: Callback): unknown;
}

/** What a method calls back with. One that takes no callback, or has failed before it called, answers by its promise. */
export function ask(store: object, method: string, ...args: unknown[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = Reflect.get(store, method) as (...args: unknown[]) => unknown;
    const callback: Callback = (error, answer) => (error ? reject(error) : resolve(answer));
    const returned = call.call(store, ...args, callback);
    if (!isPromise(returned)) return;
    // That of a method which takes a callback may be fulfilled before it has called, with nothing.
    returned.then(call.length > args.length ? undefined : resolve, reject);
  });
}

/** Stores of files tell of absence by this error, which express-session takes so, too. A socket that is away has it as well. */
export function isAbsence(error: unknown): boolean {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return code === "ENOENT" && syscall !== "connect";
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";
}
