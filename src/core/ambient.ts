/** The session of a request, once it is loaded. */
export type Current = () => object | undefined;

/** Runs a request's handler so that what is below it can find its session. */
export type Runner = <Result>(current: Current, handler: () => Result) => Result;

let runner: Runner = (_current, handler) => handler();

/**
 * Runs a request's handler: for adapters. It costs nothing until somebody imports `flagon/context`: on Node 20 an
 * `AsyncLocalStorage` in use makes every promise of the process dearer.
 */
export function runWithSession<Result>(current: Current, handler: () => Result): Result {
  return runner(current, handler);
}

/** Has handlers run by another: for `flagon/context`. */
export function runHandlersBy(chosen: Runner): void {
  runner = chosen;
}
