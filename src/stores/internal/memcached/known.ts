import type { Stamp } from "./client.ts";

/** A stamp, and the bytes that it was true of. */
export interface Known {
  readonly stamp: Stamp;
  readonly copy: Uint8Array;
}

/**
 * Remembers by which stamp a caller's bytes can be swapped: that which came when they were read or written. A stamp is
 * told once, so it can be true of no other key. `copy` is what they were then; nobody else may change it.
 */
export function remember(bytes: Uint8Array, stamp: Stamp, copy: Uint8Array): void {
  // What takes no field is looked at before it is swapped, as unknown bytes are.
  if (Object.isExtensible(bytes)) Stamped.set(bytes, { stamp, copy });
}

/** What is known of bytes. A caller may do with his what he likes: it counts as long as they are what they were. */
export function find(bytes: Uint8Array): Known | undefined {
  const known = Stamped.get(bytes);
  return known && Buffer.compare(known.copy, bytes) === 0 ? known : undefined;
}

/** Constructs nothing: a class that extends it puts its private fields on what is there already. */
const Existing = function (bytes: Uint8Array) {
  return bytes;
} as unknown as new (bytes: Uint8Array) => object;

/** A private field of the caller's bytes: nobody else sees it, and it goes with them. A `WeakMap` takes far longer. */
class Stamped extends Existing {
  #known: Known | undefined;

  static set(bytes: Uint8Array, known: Known): void {
    const stamped = #known in bytes ? bytes : new Stamped(bytes);
    stamped.#known = known;
  }

  static get(bytes: Uint8Array): Known | undefined {
    return #known in bytes ? bytes.#known : undefined;
  }
}
