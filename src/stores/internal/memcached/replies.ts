/** Reads what memcached says. It comes in pieces of any size: a reply may end within one, or take many. */

/** A line that memcached said, and the value behind it. */
export interface Reply {
  /** The first word, such as `HD`, `EN` or `SERVER_ERROR`. */
  readonly status: string;
  /** The words after it, without a value's length. */
  readonly words: readonly string[];
  /** There is one with `VA`. */
  readonly value?: Buffer;
}

/** Nothing that memcached says in a line is nearly as long. */
const LONGEST_LINE = 8192;

/** As much as memcached can be told to take (`-I`). */
const LARGEST_VALUE = 2 ** 30;

/** What the line of a value is followed by: the value and the end of a line. */
interface Body {
  readonly words: readonly string[];
  readonly bytes: Buffer;
  filled: number;
}

/** Puts the pieces of one connection together. */
export class ReplyReader {
  #line = "";
  #body: Body | undefined;

  /** Gives the replies that end in this piece. Throws where it cannot be memcached that speaks. */
  *read(piece: Buffer): Generator<Reply> {
    let at = 0;
    while (at < piece.length) {
      at = this.#body ? this.#readBody(this.#body, piece, at) : this.#readLine(piece, at);
      const reply = this.#reply();
      if (reply) yield reply;
    }
  }

  /** What is complete now: a value, or a line that no value follows. */
  #reply(): Reply | undefined {
    if (this.#body) {
      const { words, bytes, filled } = this.#body;
      if (filled < bytes.length) return undefined;
      const [value, end] = [bytes.subarray(0, -2), bytes.subarray(-2)];
      if (end.toString() !== "\r\n") throw new Error("a value is longer than it was said to be");
      this.#body = undefined;
      return { status: "VA", words, value };
    }
    if (!this.#line.endsWith("\r\n")) return undefined;
    const [status = "", ...words] = this.#line.trimEnd().split(" ");
    this.#line = "";
    if (status !== "VA") return { status, words };
    this.#body = bodyOf(words);
    return undefined;
  }

  #readLine(piece: Buffer, at: number): number {
    const feed = piece.indexOf("\n", at);
    const end = feed < 0 ? piece.length : feed + 1;
    this.#line += piece.toString("latin1", at, end);
    if (this.#line.length > LONGEST_LINE) throw new Error("a line has no end");
    return end;
  }

  #readBody(body: Body, piece: Buffer, at: number): number {
    const copied = piece.copy(body.bytes, body.filled, at);
    body.filled += copied;
    return at + copied;
  }
}

function bodyOf([length, ...words]: readonly string[]): Body {
  const size = Number(length);
  if (!/^\d+$/.test(length ?? "") || size > LARGEST_VALUE) throw new Error("a value has no length");
  return { words, bytes: Buffer.allocUnsafe(size + 2), filled: 0 };
}
