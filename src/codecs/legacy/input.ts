import { UnreadablePickle } from "./nodes.ts";

const NEWLINE = 0x0a;
/** What reading a pickle may cost, in opcodes; other work counts as so many of them. */
const MAX_COST = 2 ** 20;

/** The bytes of a pickle, read from the front. Nothing is made for a size before that many bytes are known to follow. */
export class Input {
  readonly #bytes: Buffer;
  #at = 0;
  #cost = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Counts what was done or is to be done, and ends the reading of a pickle that costs too much. */
  spend(cost: number): void {
    this.#cost += cost;
    if (this.#cost > MAX_COST) throw new UnreadablePickle("a pickle is too large to be read");
  }

  take(size: number): Buffer {
    this.need(size);
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  /** Throws where fewer bytes follow. */
  need(size: number): void {
    if (size > this.#bytes.byteLength - this.#at) throw new UnreadablePickle("the pickle ends early");
  }

  /** An unsigned integer, little-endian. */
  uint(size: 1 | 2 | 4 | 8): number {
    const bytes = this.take(size);
    return size === 8 ? Number(bytes.readBigUInt64LE()) : bytes.readUIntLE(0, size);
  }

  /** What is left of a line, as Latin-1. */
  line(): string {
    const end = this.#bytes.indexOf(NEWLINE, this.#at);
    if (end < 0) throw new UnreadablePickle("the pickle ends early");
    const line = this.#bytes.toString("latin1", this.#at, end);
    this.#at = end + 1;
    return line;
  }
}
