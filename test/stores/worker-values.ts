/** Values of 60 kB that tell whether they are whole. */

const WORDS = 15_000;

/** The number, over and over. */
export function valueOf(number: number): Uint8Array {
  return Buffer.alloc(4 * WORDS, Buffer.from(Uint32Array.of(number).buffer));
}

/** The number that such a value holds. Throws when it is torn. */
export function numberIn(value: Uint8Array): number {
  const number = Buffer.from(value).readUInt32LE();
  if (Buffer.compare(value, valueOf(number)) !== 0) throw new Error(`torn at ${number}`);
  return number;
}
