import type { Stamp } from "./client.ts";

/**
 * The stamps of values that a caller holds: that which came with a value's bytes when they were read or written, so that
 * they can be swapped by it.
 *
 * A caller may do with his bytes what he likes. So there is a copy of them, and a stamp counts only for the key and the
 * bytes that it came with. It is forgotten with the caller's bytes.
 */
export class KnownStamps {
  readonly #known = new WeakMap<Uint8Array, { key: string; copy: Uint8Array; stamp: Stamp }>();

  /** `copy` is what `bytes` were when the stamp was true of them; nobody else may change it. */
  remember(bytes: Uint8Array, key: string, copy: Uint8Array, stamp: Stamp): void {
    this.#known.set(bytes, { key, copy, stamp });
  }

  /** The stamp of what stood under the key when it was these very bytes. */
  find(bytes: Uint8Array, key: string): Stamp | undefined {
    const known = this.#known.get(bytes);
    return known?.key === key && Buffer.compare(known.copy, bytes) === 0 ? known.stamp : undefined;
  }
}
