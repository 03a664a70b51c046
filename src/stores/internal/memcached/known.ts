import type { Stamp } from "./client.ts";

/**
 * The stamps of values that a caller holds: that which came with a value's bytes when they were read or written, so that
 * they can be swapped by it. A stamp is told once, so it can be true of no other key.
 *
 * A caller may do with his bytes what he likes. So there is a copy of them, and a stamp counts only as long as they are
 * what it came with. It is forgotten with them.
 */
export class KnownStamps {
  readonly #known = new WeakMap<Uint8Array, { copy: Uint8Array; stamp: Stamp }>();

  /** `copy` is what `bytes` were when the stamp was true of them; nobody else may change it. */
  remember(bytes: Uint8Array, copy: Uint8Array, stamp: Stamp): void {
    this.#known.set(bytes, { copy, stamp });
  }

  /** The stamp of what stood there when it was these very bytes. */
  find(bytes: Uint8Array): Stamp | undefined {
    const known = this.#known.get(bytes);
    return known && Buffer.compare(known.copy, bytes) === 0 ? known.stamp : undefined;
  }
}
