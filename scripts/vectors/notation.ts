/**
 * The typed JSON in which the vector files write Python values, to JavaScript and back. Each file's own `notation` says
 * what it means.
 */
import { type Data, isPlainObject } from "../../src/codecs/codec.ts";
import { PYTHON_FLOAT, formatFloat, isInteger } from "../../src/codecs/numbers.ts";
import { Extension, Float, Markup, Tuple, Uuid } from "../../src/codecs/python.ts";
import { durationText } from "../../src/codecs/legacy/iso.ts";
import { instantOf, orderedKeys, partsOf, shapeOf, wasFloat, wasFloatKey } from "../../src/codecs/shapes.ts";

/** A value of Python that JavaScript has no type for. No codec can write it. */
export class PythonOnly {
  readonly kind: string;
  readonly text: unknown;
  constructor(kind: string, text: unknown) {
    this.kind = kind;
    this.text = text;
  }
}

type Typed = Readonly<Record<string, unknown>>;

/** A value of the notation as JavaScript has it. */
export function fromNotation(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromNotation);
  if (typeof value !== "object" || value === null) return value;
  const [only, ...more] = Object.entries(value);
  if (only && more.length === 0 && only[0].startsWith("$")) return typed(only[0], only[1]);
  const object = {};
  for (const [key, item] of Object.entries(value)) define(object, key, fromNotation(item));
  return object;
}

function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

function typed(tag: string, value: unknown): unknown {
  switch (tag) {
    case "$int":
      return BigInt(value as string);
    case "$float":
      return floatOf(value as string);
    case "$bytes":
      return Uint8Array.from(Buffer.from(value as string, "base64"));
    case "$tuple":
      return Tuple.from((value as unknown[]).map(fromNotation));
    case "$markup":
      return new Markup(value as string);
    case "$uuid":
      return new Uuid(value as string);
    case "$datetime":
      return datetimeOf(value as string);
    case "$dict":
      return new Map((value as [unknown, unknown][]).map(([key, item]) => [fromNotation(key), fromNotation(item)]));
    case "$repeat": {
      const [item, times] = value as [unknown, number];
      return Array.from({ length: times }, () => fromNotation(item));
    }
    case "$ext": {
      const { code, data } = value as { code: number; data: string };
      return new Extension(code, Uint8Array.from(Buffer.from(data, "base64")));
    }
    default:
      return new PythonOnly(tag, value);
  }
}

function floatOf(text: string): number | Float {
  const special = new Map([
    ["nan", Number.NaN],
    ["inf", Number.POSITIVE_INFINITY],
    ["-inf", Number.NEGATIVE_INFINITY],
  ]);
  const number = special.get(text) ?? Number(text);
  return isInteger(number) ? new Float(number) : number;
}

const ISO = /^(.{19})(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d(?::\d\d)?)?$/;

/** A datetime without a zone is another type, which JavaScript has not. */
function datetimeOf(text: string): Date | PythonOnly {
  const [, seconds = "", fraction = "", zone] = ISO.exec(text) ?? [];
  if (zone === undefined) return new PythonOnly("$datetime", text);
  const iso = `${seconds}${zone === "Z" ? "Z" : zone.slice(0, 6)}`;
  const date = instantOf(Date.parse(iso) / 1000, Number(fraction.padEnd(6, "0")));
  if (!/^(?:Z|[+-]00:00)$/.test(zone)) withOffset.add(date);
  return date;
}

/** A `Date` is an instant: the zone that Python would name with it is not in it. */
const withOffset = new WeakSet<Date>();

/** Session data of the notation: an object, or ordered pairs. */
export function dataFromNotation(value: unknown): Data {
  const root = fromNotation(value);
  return root instanceof Map ? root : new Map<unknown, unknown>(Object.entries(root as object));
}

/** The same with what JavaScript has no type for as msgspec writes it, and as our readers give it: text, and arrays for sets. */
export function withoutPythonOnly(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPythonOnly);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [tag = "", inside] = entries[0] ?? [];
  if (entries.length === 1 && tag.startsWith("$") && typed(tag, inside) instanceof PythonOnly)
    return plainly(tag, inside);
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutPythonOnly(item)]));
}

function plainly(tag: string, inside: unknown): unknown {
  if (tag === "$set" || tag === "$frozenset") return withoutPythonOnly(inside);
  if (tag === "$timedelta") return durationOf(inside as string);
  if (tag === "$time") return (inside as string).replace(/\+00:00$/, "Z");
  return tag === "$py" ? { [tag]: inside } : inside;
}

/** A duration as msgspec spells it, of a number of seconds in decimal digits. */
function durationOf(text: string): string {
  const seconds = Math.floor(Number(text));
  const [, fraction = ""] = text.split(".");
  const micros = Number(fraction.padEnd(6, "0"));
  return durationText(seconds, text.startsWith("-") && micros > 0 ? 1_000_000 - micros : micros);
}

/** Whether a value of the notation holds anything that JavaScript has no type for. */
export function isPythonOnly(value: unknown): boolean {
  return hasPythonOnly(fromNotation(value));
}

function hasPythonOnly(value: unknown): boolean {
  if (value instanceof PythonOnly || (value instanceof Date && withOffset.has(value))) return true;
  if (Array.isArray(value)) return value.some(hasPythonOnly);
  if (value instanceof Map) return [...value].flat().some(hasPythonOnly);
  if (typeof value !== "object" || value === null || !isPlainObject(value)) return false;
  return Object.values(value).some(hasPythonOnly);
}

/** One text for equal values, whatever the order of a map's keys: to compare with. */
export function told(value: unknown): string {
  return tell(value, NOWHERE, undefined);
}

/**
 * As `told`, where a value was taken out of its container: a whole float is the number that JavaScript shows, and a pair
 * is one whether Python has a tuple or a list of it.
 */
export function toldLoosely(value: unknown): string {
  return told(value)
    .replaceAll(/\bfloat (-?\d+)\.0(?=[\],}]|$)/g, "int $1")
    .replaceAll("tuple [", "list [");
}

/** What was told of a value that is to equal one of the notation: of a set of several, the order of its items is no matter. */
export function comparable(text: string, notation: unknown): string {
  const hasSet = /"\$(?:frozen)?set":\[[^\]]*,/.test(JSON.stringify(notation));
  return hasSet ? Array.from(text).toSorted().join("") : text;
}

const NOWHERE = {};

function tell(value: unknown, container: object, key: unknown): string {
  if (typeof value === "number") {
    return isInteger(value) && !wasFloat(shapeOf(container), key, value) ? `int ${value}` : tellFloat(value);
  }
  if (typeof value === "bigint") return `int ${value}`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "nothing";
  if (Array.isArray(value)) {
    const items = value.map((item, index) => tell(item, value, index));
    return `${value instanceof Tuple ? "tuple" : "list"} [${items.join(", ")}]`;
  }
  return tellObject(value);
}

function tellObject(value: object): string {
  if (value instanceof Float) return tellFloat(value.value);
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
  if (value instanceof Markup) return `markup ${JSON.stringify(value.html)}`;
  if (value instanceof Uuid) return `uuid ${value.text}`;
  if (value instanceof Extension) return `ext ${value.code} ${Buffer.from(value.data).toString("hex")}`;
  if (value instanceof PythonOnly) return `python ${value.kind}`;
  if (value instanceof Date) {
    const { seconds, micros } = partsOf(value);
    return `datetime ${seconds}.${String(micros).padStart(6, "0")}`;
  }
  const entries: Iterable<[unknown, unknown]> =
    value instanceof Map
      ? value
      : orderedKeys(value, shapeOf(value)).map((key) => [key, (value as Typed)[key]] as [unknown, unknown]);
  const members = [...entries].map(([key, item]) => `${tellKey(value, key)}: ${tell(item, value, key)}`);
  return `dict {${members.toSorted().join(", ")}}`;
}

function tellKey(container: object, key: unknown): string {
  return typeof key === "number" && wasFloatKey(shapeOf(container), key)
    ? tellFloat(key)
    : tell(key, NOWHERE, undefined);
}

function tellFloat(value: number): string {
  return `float ${Number.isFinite(value) ? formatFloat(value, PYTHON_FLOAT) : String(value)}`;
}
