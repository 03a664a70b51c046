import { MAX_DEPTH } from "../codec.ts";
import { Float, Markup, Tuple, Uuid } from "../python.ts";
import { Floats, MapBuilder, inheritShape } from "../shapes.ts";
import { durationText } from "./iso.ts";
import { Dict, Duration, PickledUuid, Sequence, UnreadablePickle } from "./nodes.ts";

/**
 * What the data may come to, in characters and bytes. A pickle names a value many times at no cost, so a small
 * one may stand for more than any machine can write.
 */
const MAX_SIZE = 2 ** 24;
/** What a value counts for, besides its characters or bytes. */
const VALUE_SIZE = 8;

/** A node as the codecs have it. */
interface Plain {
  value: unknown;
  /** With all that is in it, as often as it is. */
  size: number;
  /** Whether it was a float, which the number does not tell. */
  isFloat: boolean;
  /** Whether Python takes it as a key. */
  isKey: boolean;
}

/**
 * What a pickle held, as plain values; the root comes as a `Map` where it is a dict. Throws `UnreadablePickle` for a value
 * that contains itself, and for one that is too large or no data.
 */
export function plainOf(root: unknown): unknown {
  return new Converter().convert(root).value;
}

class Converter {
  /** Each node becomes one value, however often it is named; `undefined` while it is being made. */
  readonly #made = new Map<object, Plain | undefined>();
  #depth = 0;

  convert(node: unknown): Plain {
    if (typeof node !== "object" || node === null) return leaf(node);
    if (!(node instanceof Sequence || node instanceof Dict)) return leafOf(node);
    const known = this.#made.get(node);
    if (known) return known;
    if (this.#made.has(node)) throw new UnreadablePickle("a pickle has a value that contains itself");
    this.#made.set(node, undefined);
    const plain = this.#container(node);
    this.#made.set(node, plain);
    return plain;
  }

  #container(node: Sequence | Dict): Plain {
    if (++this.#depth > MAX_DEPTH) throw new UnreadablePickle(`a pickle is nested deeper than ${MAX_DEPTH} levels`);
    const plain = node instanceof Dict ? this.#dict(node) : this.#sequence(node);
    this.#depth--;
    return plain;
  }

  #sequence({ kind, items }: Sequence): Plain {
    const array: unknown[] = kind === "tuple" ? new Tuple() : [];
    const floats = new Floats();
    let size = VALUE_SIZE;
    let isKey = kind === "tuple" || kind === "frozenset";
    for (const item of items) {
      const plain = this.convert(item);
      floats.note(array.length, plain.value, plain.isFloat);
      array.push(plain.value);
      size = sum(size, plain.size);
      isKey &&= plain.isKey;
    }
    floats.keepFor(array);
    return { value: array, size, isFloat: false, isKey };
  }

  #dict({ keys, values }: Dict): Plain {
    const map = new MapBuilder(this.#depth === 1);
    let size = VALUE_SIZE;
    for (const [index, node] of keys.entries()) {
      const key = this.convert(node);
      if (!key.isKey) throw new UnreadablePickle("a pickle has a key that Python cannot have");
      map.noteKey(key.value, key.isFloat);
      const { value, isFloat, size: valueSize } = this.convert(values[index]);
      map.set(asKey(key.value), value, isFloat);
      size = sum(size, key.size + valueSize);
    }
    return { value: map.build(), size, isFloat: false, isKey: false };
  }
}

function sum(size: number, more: number): number {
  if (size + more > MAX_SIZE) throw new UnreadablePickle("a pickle is too large to be read");
  return size + more;
}

/** As it is when an entry is read again: an array is a key as a tuple only, and Markup as text. */
function asKey(value: unknown): unknown {
  if (value instanceof Markup) return value.html;
  if (!Array.isArray(value) || value instanceof Tuple) return value;
  const tuple: Tuple = Tuple.from<unknown>(value);
  inheritShape(value, tuple);
  return tuple;
}

function leaf(value: unknown): Plain {
  return { value, size: VALUE_SIZE + (typeof value === "string" ? value.length : 0), isFloat: false, isKey: true };
}

function leafOf(node: object): Plain {
  if (node instanceof Float) return { ...leaf(node.value), isFloat: true };
  if (node instanceof Duration) return leaf(durationText(node.seconds, node.micros));
  if (node instanceof PickledUuid) return leaf(uuidOf(node));
  if (node instanceof Uint8Array) return { ...leaf(node), size: VALUE_SIZE + node.byteLength };
  if (node instanceof Markup) return { ...leaf(node), size: VALUE_SIZE + node.html.length };
  if (node instanceof Date) return leaf(node);
  throw new UnreadablePickle("a pickle holds a class or a timezone, which is no plain data");
}

function uuidOf({ number }: PickledUuid): Uuid {
  if (number === undefined || number < 0n || number >= 2n ** 128n) throw new UnreadablePickle("a UUID is out of range");
  return new Uuid(number.toString(16).padStart(32, "0"));
}
