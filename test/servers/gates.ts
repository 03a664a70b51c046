/** Points that a process passes only when it is let through. */

/** By their names: each holds one request, once. */
export class Gates {
  readonly #open = new Map<string, () => void>();
  readonly #tell: (name: string) => void;

  /** `tell` hears of each who waits. */
  constructor(tell: (name: string) => void) {
    this.#tell = tell;
  }

  pass(name: string): Promise<void> {
    return new Promise((go) => {
      this.#open.set(name, go);
      this.#tell(name);
    });
  }

  letThrough(name: string): void {
    this.#open.get(name)?.();
    this.#open.delete(name);
  }
}
