import type { Clock } from "../clock.ts";

/** An engine that did not answer in time. */
export class NoAnswer extends Error {}

/** So many calls in a row without an answer, and the engine is left alone. */
const LIMIT = 5;

/** For so many milliseconds; then one call finds out whether it answers again. */
const PAUSE = 500;

/**
 * Spares an engine that hangs, and the requests that would wait for it: once calls go without an answer, others fail at
 * once. An engine that refuses does answer, so that nobody's bad value stops the others.
 */
export class Breaker {
  readonly #clock: Clock;
  #unanswered = 0;
  /** Epoch milliseconds. */
  #pausedUntil = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Rejects with `NoAnswer` at once while the engine is left alone. */
  async run<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
    const now = this.#clock.now();
    if (this.#unanswered >= LIMIT) {
      if (now < this.#pausedUntil) throw new NoAnswer(`not asked: ${LIMIT} calls in a row got no answer`);
      this.#pausedUntil = now + PAUSE;
    }
    try {
      const answer = await ask();
      this.#unanswered = 0;
      return answer;
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  #note(error: unknown): void {
    this.#unanswered = error instanceof NoAnswer ? this.#unanswered + 1 : 0;
    if (this.#unanswered >= LIMIT) this.#pausedUntil = this.#clock.now() + PAUSE;
  }
}
