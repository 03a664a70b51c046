/**
 * Python's types that JavaScript has none for. A codec reads them as these, and writes these as them.
 *
 * Whole floats have no class of their own when read: `1.0` is the number 1, and `shapes.ts` remembers what it was.
 */

/** A number to be written as a float although it is whole: `new Float(1)` is Python's `1.0`. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
  valueOf(): number {
    return this.value;
  }
  toJSON(): number {
    return this.value;
  }
}

/** A list that Python may not change. An array in all else; `Tuple.of(1, 2)` makes one. */
export class Tuple<T = unknown> extends Array<T> {
  /** What `map`, `filter` and their kind give is a plain array. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A UUID as a value of its own. Reads as its text: 36 characters, lower case. */
export class Uuid {
  readonly text: string;

  /** Takes 32 hex digits in any of Python's spellings: hyphens, braces, `urn:uuid:`. Throws a `TypeError` for others. */
  constructor(text: string) {
    const hex = text
      .replace("urn:", "")
      .replace("uuid:", "")
      .replaceAll(/^[{}]+|[{}]+$|-/g, "")
      .toLowerCase();
    this.text = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    if (!UUID.test(this.text)) throw new TypeError("a UUID has 32 hex digits");
  }
  toString(): string {
    return this.text;
  }
  toJSON(): string {
    return this.text;
  }
}

/** HTML that is safe to show as it stands: markupsafe's `Markup`. Reads as its text. */
export class Markup {
  readonly html: string;
  constructor(html: string) {
    this.html = html;
  }
  toString(): string {
    return this.html;
  }
  toJSON(): string {
    return this.html;
  }
}

/** A MessagePack extension that is no timestamp; it goes back as it came. */
export class Extension {
  /** From -128 to 127. */
  readonly code: number;
  readonly data: Uint8Array;
  constructor(code: number, data: Uint8Array) {
    this.code = code;
    this.data = data;
  }
}
