import { report } from "../../events.ts";
import type { Sweepable } from "../../store.ts";

/** The longest pause between two sweeps, in seconds: a longer timer would overflow and fire at once. */
export const LONGEST_PAUSE = 2_147_483;

/** Sweeps a store every so many seconds. Neither the process nor the store lives any longer for it. */
export function startSweeper(seconds: number, store: Sweepable): NodeJS.Timeout {
  const held = new WeakRef(store);
  const timer = setInterval(() => {
    const swept = held.deref();
    if (swept) swept.deleteExpired().catch((error: unknown) => report({ type: "failed", error }));
    else clearInterval(timer);
  }, seconds * 1000);
  return timer.unref();
}
