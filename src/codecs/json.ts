import {
  type Codec,
  type Data,
  MAX_DEPTH,
  Unencodable,
  dataOf,
  forEachEntry,
  isPlainObject,
  tooDeep,
  unsupported,
} from "./codec.ts";
import { readJson } from "./json-reader.ts";
import { MSGSPEC_FLOAT, formatFloat, isInteger } from "./numbers.ts";
import { Float, Tuple, Uuid } from "./python.ts";
import { type Shape, orderedKeys, partsOf, shapeOf, wasFloat, wasFloatKey } from "./shapes.ts";
import { isWellFormed } from "./text.ts";

/**
 * JSON exactly as msgspec writes it, so the bytes are Flask-Session's.
 *
 * Text, numbers, bigints, booleans, null, arrays and objects come back as they were. With `lossy`, as in Python, dates,
 * bytes, a `Uuid` and keys that are no text become text, a `Tuple` an array, NaN and the infinities null; without, they
 * are refused.
 */
export function json(options: { lossy?: boolean } = {}): Codec {
  const write = new Writer(options.lossy === true);
  return {
    encode: (data) => Buffer.from(write.root(data), "utf8"),
    decode: (bytes) => dataOf(readBytes(bytes)),
  };
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes that are no JSON at all are told as such, even if they are no text either. */
function readBytes(bytes: Uint8Array): unknown {
  try {
    return readJson(UTF8.decode(bytes), { forgiving: false });
  } catch (error) {
    if (error instanceof TypeError) readJson(Buffer.from(bytes).toString("latin1"), { forgiving: false });
    throw error;
  }
}

class Writer {
  readonly #lossy: boolean;

  constructor(lossy: boolean) {
    this.#lossy = lossy;
  }

  root(data: Data): string {
    const members: string[] = [];
    const shape = shapeOf(data);
    forEachEntry(data, (key, value) => members.push(this.#member(shape, key, value, 1)));
    return `{${members.join(",")}}`;
  }

  #member(shape: Shape | undefined, key: unknown, value: unknown, depth: number): string {
    return `${quote(this.#key(shape, key))}:${this.#value(value, shape, key, depth)}`;
  }

  #value(value: unknown, shape: Shape | undefined, key: unknown, depth: number): string {
    switch (typeof value) {
      case "string":
        return quote(value);
      case "number":
        return isInteger(value) && !wasFloat(shape, key, value) ? String(value) : this.#float(value);
      case "boolean":
      case "bigint":
        return String(value);
      case "object":
        return value === null ? "null" : this.#object(value, depth);
      default:
        throw unsupported(value);
    }
  }

  #object(value: object, depth: number): string {
    if (depth > MAX_DEPTH) throw tooDeep();
    if (value instanceof Float) return this.#float(value.value);
    if (Array.isArray(value) && (this.#lossy || !(value instanceof Tuple))) return this.#array(value, depth);
    if (value instanceof Map && this.#lossy) {
      return this.#members(value, [...value.keys()], (key) => value.get(key), depth);
    }
    const text = this.#lossy ? textOf(value) : undefined;
    if (text !== undefined) return quote(text);
    if (!isPlainObject(value)) throw unsupported(value);
    const read = value as Record<string, unknown>;
    const keys = orderedKeys(value, shapeOf(value)).filter((key) => read[key] !== undefined);
    return this.#members(value, keys, (key) => read[key as string], depth);
  }

  #array(items: readonly unknown[], depth: number): string {
    const shape = shapeOf(items);
    return `[${Array.from(items, (item, index) => this.#value(item, shape, index, depth + 1)).join(",")}]`;
  }

  #members(container: object, keys: unknown[], read: (key: unknown) => unknown, depth: number): string {
    const shape = shapeOf(container);
    return `{${keys.map((key) => this.#member(shape, key, read(key), depth + 1)).join(",")}}`;
  }

  #key(shape: Shape | undefined, key: unknown): string {
    if (typeof key === "string") return key;
    if (this.#lossy) {
      if (typeof key === "bigint") return String(key);
      if (typeof key === "number") {
        return isInteger(key) && !wasFloatKey(shape, key) ? String(key) : this.#float(key);
      }
      const text = typeof key === "object" && key !== null ? textOf(key) : undefined;
      if (text !== undefined) return text;
    }
    throw new Unencodable("it holds a map with a key that is no text");
  }

  #float(value: number): string {
    if (Number.isFinite(value)) return formatFloat(value, MSGSPEC_FLOAT);
    if (this.#lossy) return "null";
    throw new Unencodable("it holds a number that JSON has not: NaN or an infinity");
  }
}

/** What msgspec writes as text: `undefined` for what it does not. */
function textOf(value: object): string | undefined {
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
  }
  if (value instanceof Uuid) return value.text;
  return value instanceof Date ? isoText(value) : undefined;
}

function isoText(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new Unencodable("it holds an invalid date");
  const { seconds, micros } = partsOf(date);
  const fraction = micros === 0 ? "" : `.${String(micros).padStart(6, "0")}`;
  return new Date(seconds * 1000).toISOString().replace(".000Z", `${fraction}Z`);
}

/** `JSON.stringify` escapes what msgspec does, and nothing else but halves of surrogate pairs, which msgspec refuses. */
function quote(text: string): string {
  if (!isWellFormed(text)) {
    throw new Unencodable("its text has half of a surrogate pair, which UTF-8 cannot hold");
  }
  return JSON.stringify(text);
}
