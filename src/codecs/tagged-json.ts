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
import { parseMailDate } from "./mail-date.ts";
import { readJson } from "./json-reader.ts";
import { PYTHON_FLOAT, formatFloat, isInteger } from "./numbers.ts";
import { Float, Markup, Tuple, Uuid } from "./python.ts";
import { type Shape, inheritShape, rememberFloat, shapeOf, wasFloat, wasFloatKey } from "./shapes.ts";

/**
 * Flask's tagged JSON, exactly as Flask writes it: keys sorted at every level, ASCII only, one-key objects as tags of
 * tuples, bytes, Markup, UUIDs and datetimes (`flask.json.tag.TaggedJSONSerializer`).
 */
export const taggedJson: Codec = {
  /** Throws `DATA` for what Flask could not write either, and names the key. */
  encode: (data) => Buffer.from(root(data), "latin1"),
  /** Throws for bytes that are no tagged JSON, or whose root is no map by the rules of Python's `dict()`. */
  decode: (bytes) => dataOf(readJson(UTF8.decode(bytes), { forgiving: true, convert: untag })),
};

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function root(data: Data): string {
  const members: Member[] = [];
  const single = onlyTag([...data]);
  const shape = shapeOf(data);
  forEachEntry(data, (key, value) => {
    members.push([key, single ? escapeTag(single, shape, 0) : member(shape, key, value, 0)]);
  });
  return single ? (members[0]?.[1] ?? "") : `{${sorted(members).join(",")}}`;
}

type Member = [key: unknown, text: string];

function member(shape: Shape | undefined, key: unknown, value: unknown, depth: number): string {
  return `${quote(keyText(shape, key))}:${write(value, shape, key, depth + 1)}`;
}

const TAGS = new Set<unknown>([" di", " t", " b", " m", " u", " d"]);

/** The only entry of a map that would read as a tag. */
function onlyTag(entries: readonly [unknown, unknown][]): [key: string, value: unknown] | undefined {
  const [only] = entries.length === 1 ? entries : [];
  return only && TAGS.has(only[0]) ? (only as [string, unknown]) : undefined;
}

function write(value: unknown, shape: Shape | undefined, key: unknown, depth: number): string {
  switch (typeof value) {
    case "string":
      return quote(value);
    case "number":
      return isInteger(value) && !wasFloat(shape, key, value) ? String(value) : floatText(value);
    case "boolean":
    case "bigint":
      return String(value);
    case "object":
      return value === null ? "null" : writeObject(value, depth);
    default:
      throw unsupported(value);
  }
}

function writeObject(value: object, depth: number): string {
  if (depth > MAX_DEPTH) throw tooDeep();
  if (Array.isArray(value)) {
    const shape = shapeOf(value);
    const items = `[${Array.from(value, (item, index) => write(item, shape, index, depth + 1)).join(",")}]`;
    return value instanceof Tuple ? `{" t":${items}}` : items;
  }
  if (value instanceof Float) return floatText(value.value);
  if (value instanceof Uint8Array) return `{" b":"${Buffer.from(value).toString("base64")}"}`;
  if (value instanceof Markup) return `{" m":${quote(value.html)}}`;
  if (value instanceof Uuid) return `{" u":"${value.text.replaceAll("-", "")}"}`;
  if (value instanceof Date) return `{" d":"${mailDate(value)}"}`;
  if (value instanceof Map) return writeMap([...value], shapeOf(value), depth);
  if (!isPlainObject(value)) throw unsupported(value);
  const present = Object.entries(value).filter(([, item]) => item !== undefined);
  return writeMap(present, shapeOf(value), depth);
}

function writeMap(entries: readonly [unknown, unknown][], shape: Shape | undefined, depth: number): string {
  const single = onlyTag(entries);
  if (single) return escapeTag(single, shape, depth);
  const members = entries.map(([key, value]): Member => [key, member(shape, key, value, depth)]);
  return `{${sorted(members).join(",")}}`;
}

/** A map that would read as a tag: `{" t": 1}` becomes `{" di":{" t__": 1}}`. */
function escapeTag([key, value]: [string, unknown], shape: Shape | undefined, depth: number): string {
  return `{" di":{${quote(`${key}__`)}:${write(value, shape, key, depth + 1)}}}`;
}

function keyText(shape: Shape | undefined, key: unknown): string {
  switch (typeof key) {
    case "string":
      return key;
    case "number":
      return isInteger(key) && !wasFloatKey(shape, key) ? String(key) : floatText(key);
    case "boolean":
    case "bigint":
      return String(key);
    default:
      if (key === null) return "null";
      throw new Unencodable("it holds a map with a key that is neither text nor number");
  }
}

/** Members in the order of their keys: texts by code point, numbers by size. Python cannot compare one with the other. */
function sorted(members: Member[]): string[] {
  const kind = members.length > 0 ? keyKind(members[0]?.[0]) : "text";
  if (members.some(([key]) => keyKind(key) !== kind)) {
    throw new Unencodable("it holds a map with keys of several types, which Flask cannot sort");
  }
  return members.toSorted(([a], [b]) => compareKeys(a, b)).map(([, text]) => text);
}

function keyKind(key: unknown): "text" | "null" | "number" {
  if (typeof key === "string") return "text";
  return key === null ? "null" : "number";
}

function compareKeys(a: unknown, b: unknown): number {
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  return Number(a) - Number(b);
}

function compareText(a: string, b: string): number {
  if (!HIGH.test(a) || !HIGH.test(b)) return a < b ? -1 : Number(a > b);
  const [left, right] = [Array.from(a), Array.from(b)];
  const at = left.findIndex((char, index) => char !== right[index]);
  if (at < 0) return left.length - right.length;
  return (left[at]?.codePointAt(0) ?? -1) - (right[at]?.codePointAt(0) ?? -1);
}

/** Units that JavaScript sorts otherwise than code points. */
const HIGH = /[\ud800-\uffff]/;

function floatText(value: number): string {
  return Number.isFinite(value) ? formatFloat(value, PYTHON_FLOAT) : String(value);
}

const NOT_ASCII = /[^\x00-\x7f]/;
const BEYOND_ASCII = /[^\x20-\x7e]/g;
const PLAIN = /^[ !#-[\]-~]*$/;
const SHORT_ESCAPES = new Set(["\b", "\t", "\n", "\f", "\r"]);

function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  const plain = text.replaceAll(/["\\]/g, String.raw`\$&`);
  return `"${plain.replaceAll(BEYOND_ASCII, escapeUnit)}"`;
}

function escapeUnit(unit: string): string {
  if (SHORT_ESCAPES.has(unit)) return JSON.stringify(unit).slice(1, -1);
  return String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** An instant as an HTTP date: UTC, the fraction of the second cut. */
function mailDate(date: Date): string {
  if (Number.isNaN(date.getTime())) throw new Unencodable("it holds an invalid date");
  return new Date(Math.floor(date.getTime() / 1000) * 1000).toUTCString();
}

/** What a one-key object stands for; `undefined` for no tag. Throws for a tag whose value cannot be converted. */
function untag(key: string, value: unknown): { value: unknown } | undefined {
  switch (key) {
    case " di":
      return { value: unescapeTag(value) };
    case " t":
      return { value: tupleOf(value) };
    case " b":
      return { value: decodeBase64(textOf(value)) };
    case " m":
      return { value: new Markup(pythonText(value)) };
    case " u":
      return { value: new Uuid(textOf(value)) };
    case " d":
      return { value: value === null ? null : (parseMailDate(textOf(value)) ?? null) };
    default:
      return undefined;
  }
}

function unescapeTag(value: unknown): Record<string, unknown> {
  if (typeof value !== "object" || value === null || !isPlainObject(value)) throw new TypeError("a tag on no map");
  const [first] = Object.entries(value);
  if (!first) throw new TypeError("a tag on an empty map");
  const [escaped, item] = first;
  const key = escaped.slice(0, -2);
  const unescaped = { [key]: item };
  if (typeof item === "number" && wasFloat(shapeOf(value), escaped, item)) rememberFloat(unescaped, key, item);
  return unescaped;
}

function tupleOf(value: unknown): Tuple {
  if (Array.isArray(value)) {
    const tuple = Tuple.from(value);
    inheritShape(value, tuple);
    return tuple;
  }
  if (typeof value === "string") return Tuple.from(value);
  if (typeof value === "object" && value !== null && isPlainObject(value)) {
    return Tuple.from(Object.keys(value));
  }
  throw new TypeError("a tag on no list");
}

function textOf(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("a tag on no text");
  return value;
}

/** What Python's `str()` says of the values that JSON has. */
function pythonText(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  if (value === null) return "None";
  throw new TypeError("a tag on no text");
}

/** Standard base64 as Python reads it: foreign characters are passed over, but the padding must be there. */
function decodeBase64(text: string): Uint8Array {
  if (NOT_ASCII.test(text)) throw new TypeError("base64 that is not ASCII");
  let digits = "";
  let padding = 0;
  for (const char of text) {
    const over = digits.length % 4;
    if (char === "=" && over >= 2 && over + ++padding >= 4) return Uint8Array.from(Buffer.from(digits, "base64"));
    if (!BASE64.test(char)) continue;
    digits += char;
    padding = 0;
  }
  if (digits.length % 4 !== 0) throw new TypeError("base64 without its padding");
  return Uint8Array.from(Buffer.from(digits, "base64"));
}

const BASE64 = /[A-Za-z0-9+/]/;
