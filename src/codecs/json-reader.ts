import { MAX_DEPTH } from "./codec.ts";
import { integerOf } from "./numbers.ts";
import { Floats, MapBuilder } from "./shapes.ts";
import { isWellFormed } from "./text.ts";

/** Which of the two readers of JSON in Python is followed. */
export interface JsonDialect {
  /**
   * Python's own `json` (Flask's signed cookie): reads NaN, the infinities, numbers over the range of a float and
   * halves of surrogate pairs. msgspec (Flask-Session's entries) refuses them.
   */
  forgiving: boolean;
  /** What an object with a single key becomes, once its value was read. Default: itself. */
  convert?(key: string, value: unknown): { value: unknown } | undefined;
}

/**
 * Reads JSON without losing what `JSON.parse` does: whole floats, integers of any size, `__proto__`, the order of keys.
 *
 * The root comes as a `Map` where it is an object. Throws a `SyntaxError` for anything else than one JSON value.
 */
export function readJson(text: string, dialect: JsonDialect): unknown {
  return new JsonReader(text, dialect).root();
}

const BLANK = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const NEEDS_CARE = /[\\\x00-\x1f]/;
const PLAIN_TEXT = /[^"\\\x00-\x1f]*/y;
const WORDS: readonly [string, unknown][] = [
  ["true", true],
  ["false", false],
  ["null", null],
];
const FLOAT_WORDS: readonly [string, unknown][] = [
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
];
const ESCAPES = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);
/** Python refuses to read longer integers (`sys.set_int_max_str_digits`), whose reading takes quadratic time. */
const MAX_DIGITS = 4300;

class JsonReader {
  readonly #text: string;
  readonly #dialect: JsonDialect;
  readonly #words: readonly [string, unknown][];
  #at = 0;
  #depth = 0;
  /** Whether the value read last was a float. */
  #float = false;

  constructor(text: string, dialect: JsonDialect) {
    this.#text = text;
    this.#dialect = dialect;
    this.#words = dialect.forgiving ? [...WORDS, ...FLOAT_WORDS] : WORDS;
  }

  root(): unknown {
    const value = this.#value();
    if (this.#at !== this.#text.length) throw this.#unexpected();
    return value;
  }

  #value(): unknown {
    this.#match(BLANK);
    const value = this.#bare();
    this.#match(BLANK);
    return value;
  }

  #bare(): unknown {
    this.#float = false;
    switch (this.#text[this.#at]) {
      case "{":
        return this.#object();
      case "[":
        return this.#array();
      case '"':
        return this.#string();
      default:
        return this.#wordOrNumber();
    }
  }

  #wordOrNumber(): unknown {
    const found = this.#words.find(([word]) => this.#text.startsWith(word, this.#at));
    if (!found) return this.#number();
    this.#at += found[0].length;
    return found[1];
  }

  #number(): number | bigint {
    const match = this.#match(NUMBER);
    if (!match) throw this.#unexpected();
    const [digits, fraction, exponent] = match;
    if (fraction === undefined && exponent === undefined) return this.#integer(digits);
    const value = Number(digits);
    if (!Number.isFinite(value) && !this.#dialect.forgiving) throw this.#unexpected();
    this.#float = true;
    return value;
  }

  #integer(digits: string): number | bigint {
    if (digits.length > MAX_DIGITS) throw new SyntaxError("an integer with too many digits");
    return digits.length < 16 ? Number(digits) + 0 : integerOf(BigInt(digits));
  }

  #object(): unknown {
    const map = new MapBuilder(this.#depth === 0);
    let only: [key: string, value: unknown] | undefined;
    let keys = 0;
    this.#items("}", () => {
      this.#match(BLANK);
      if (this.#text[this.#at] !== '"') throw this.#unexpected();
      const key = this.#string();
      this.#match(BLANK);
      this.#expect(":");
      const value = this.#value();
      map.set(key, value, this.#float);
      if (only?.[0] !== key) keys++;
      only = [key, value];
    });
    const converted = keys === 1 && only ? this.#dialect.convert?.(only[0], only[1]) : undefined;
    return converted ? converted.value : map.build();
  }

  #array(): unknown[] {
    const items: unknown[] = [];
    const floats = new Floats();
    this.#items("]", () => {
      const value = this.#value();
      if (this.#float) floats.note(items.length, value, true);
      items.push(value);
    });
    floats.keepFor(items);
    return items;
  }

  /** All between an opening bracket and its closing one, parted by commas. */
  #items(close: string, read: () => void): void {
    this.#at++;
    if (++this.#depth > MAX_DEPTH) throw new SyntaxError(`nested deeper than ${MAX_DEPTH} levels`);
    this.#match(BLANK);
    if (this.#text[this.#at] !== close) {
      read();
      while (this.#text[this.#at] === ",") {
        this.#at++;
        read();
      }
    }
    this.#expect(close);
    this.#depth--;
    this.#float = false;
  }

  #string(): string {
    this.#at++;
    const end = this.#text.indexOf('"', this.#at);
    const plain = this.#text.slice(this.#at, Math.max(end, this.#at));
    const value = end < 0 || NEEDS_CARE.test(plain) ? this.#carefulString() : this.#passed(plain, end);
    if (!this.#dialect.forgiving && !isWellFormed(value)) throw this.#unexpected();
    return value;
  }

  #passed(plain: string, end: number): string {
    this.#at = end + 1;
    return plain;
  }

  #carefulString(): string {
    let value = "";
    for (;;) {
      value += this.#match(PLAIN_TEXT)?.[0] ?? "";
      const char = this.#text[this.#at++];
      if (char === '"') return value;
      if (char !== "\\") throw this.#unexpected();
      value += this.#escape();
    }
  }

  #escape(): string {
    const char = this.#text[this.#at++] ?? "";
    if (char !== "u") {
      const plain = ESCAPES.get(char);
      if (plain === undefined) throw this.#unexpected();
      return plain;
    }
    const hex = this.#text.slice(this.#at, this.#at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw this.#unexpected();
    this.#at += 4;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  #expect(char: string): void {
    if (this.#text[this.#at] !== char) throw this.#unexpected();
    this.#at++;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match) this.#at = pattern.lastIndex;
    return match;
  }

  #unexpected(): SyntaxError {
    return new SyntaxError(`unexpected character at ${this.#at}`);
  }
}
