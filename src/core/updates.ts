type Change = (current: unknown) => unknown;

interface Recorded {
  changes: Change[];
  /** What stood under the key before the first change, and after the last. */
  before: string;
  after: string;
}

/** The `update(key, change)` calls of a session: to be run again on what another request has made of the key. */
export class Updates {
  /** A text that stands for a value under its key. */
  readonly fingerprint: (key: unknown, value: unknown) => string;
  #recorded: Map<string, Recorded> | undefined;

  constructor(fingerprint: (key: unknown, value: unknown) => string) {
    this.fingerprint = fingerprint;
  }

  /** `before` is the fingerprint of what stood there. Whether the value is another one now. */
  record(key: string, before: string, value: unknown, change: Change): boolean {
    const after = this.fingerprint(key, value);
    this.#recorded ??= new Map();
    const known = this.#recorded.get(key);
    if (known?.after === before) {
      known.changes.push(change);
      known.after = after;
    } else {
      this.#recorded.set(key, { changes: [change], before, after });
    }
    return after !== before;
  }

  /**
   * Whether the change of a key, from `base` to `mine`, was made by `update` alone. A plain assignment before, between or
   * after makes it a plain change.
   */
  made(key: unknown, base: unknown, mine: unknown): boolean {
    const known = this.#recorded?.get(key as string);
    if (!known) return false;
    return known.before === this.fingerprint(key, base) && known.after === this.fingerprint(key, mine);
  }

  /** All changes of a key once more, from another value on. */
  replay(key: unknown, value: unknown): unknown {
    const known = this.#recorded?.get(key as string);
    return known ? known.changes.reduce((current, change) => change(current), value) : value;
  }

  get any(): boolean {
    return this.#recorded !== undefined;
  }

  /** Forgets what was saved. */
  clear(): void {
    this.#recorded = undefined;
  }
}
