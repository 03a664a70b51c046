/**
 * The classes and functions that a pickle of plain data may name, and what they make. There are no others: nothing is
 * looked up, imported or called but what stands here.
 */
import { Markup } from "../python.ts";
import { dateOf, datetimeOf, timeOf, timedelta, timezone } from "./dates.ts";
import { Dict, Duration, Name, PickledUuid, Sequence, UnreadablePickle, Zone } from "./nodes.ts";

type Make = (args: readonly unknown[]) => unknown;

const MAKERS = new Map<string, Make>([
  ["datetime.datetime", ([state, zone]) => datetimeOf(bytes(state), zoneOrNone(zone))],
  ["datetime.date", ([state]) => dateOf(bytes(state))],
  ["datetime.time", ([state, zone]) => timeOf(bytes(state), zoneOrNone(zone))],
  ["datetime.timedelta", ([days, seconds, micros]) => timedelta(whole(days), whole(seconds), whole(micros))],
  ["datetime.timezone", ([offset]) => timezone(offset instanceof Duration ? offset : refuse())],
  ["decimal.Decimal", ([value]) => decimal(text(value))],
  ["uuid.UUID", (args) => (args.length === 0 ? new PickledUuid() : refuse())],
  ["markupsafe.Markup", ([html]) => new Markup(text(html))],
  ["collections.OrderedDict", (args) => (args.length === 0 ? new Dict() : refuse())],
  ["collections.defaultdict", ([factory]) => (isFactory(factory) ? new Dict() : refuse())],
  ["_codecs.encode", ([value, encoding]) => latin1(value, encoding)],
  ["builtins.bytes", (args) => (args.length === 0 ? new Uint8Array(0) : refuse())],
  ["builtins.bytearray", bytearray],
  ["builtins.set", ([items]) => new Sequence("set", listed(items))],
  ["builtins.frozenset", ([items]) => new Sequence("frozenset", listed(items))],
  ["copyreg._reconstructor", ([made, , state]) => make(made, state === null ? [] : [state])],
]);

/** What is only named, and makes nothing: the type behind a class, and what fills a `defaultdict`. */
const NAMES = new Set(
  ["object", "str", "int", "float", "bool", "list", "dict", "tuple"].map((name) => `builtins.${name}`),
);

/** What modules and types are called in protocols 0 to 2, which Python 2 is to read as well. */
const MODULES = new Map([
  ["__builtin__", "builtins"],
  ["copy_reg", "copyreg"],
]);
const TYPES = new Map([
  ["unicode", "str"],
  ["long", "int"],
]);

/** A class or function by its name. Throws for one that plain data has not. */
export function nameOf(module: unknown, name: unknown): Name {
  const full = `${MODULES.get(text(module)) ?? text(module)}.${TYPES.get(text(name)) ?? text(name)}`;
  if (MAKERS.has(full) || NAMES.has(full)) return new Name(full);
  throw new UnreadablePickle(
    `a pickle names ${/^[\w.]{1,200}$/.test(full) ? full : "a class"}, which is no plain data`,
  );
}

/** What a class or function makes of its arguments. */
export function make(maker: unknown, args: readonly unknown[]): unknown {
  const found = maker instanceof Name ? MAKERS.get(maker.name) : undefined;
  return found ? found(args) : refuse();
}

/** What is set of a UUID: its number, and how it was made. */
const MAX_STATE = 2;

/** Gives an object its state: only a UUID has one. */
export function build(object: unknown, state: unknown): void {
  if (!(object instanceof PickledUuid && state instanceof Dict && state.keys.length <= MAX_STATE)) return refuse();
  const number = state.values[state.keys.indexOf("int")];
  if (typeof number !== "number" && typeof number !== "bigint") return refuse();
  object.number = BigInt(number);
}

function refuse(): never {
  throw new UnreadablePickle("a pickle makes something that is no plain data");
}

function text(value: unknown): string {
  return typeof value === "string" ? value : refuse();
}

function bytes(value: unknown): Uint8Array {
  return value instanceof Uint8Array ? value : refuse();
}

function whole(value: unknown): number {
  return Number.isSafeInteger(value) ? (value as number) : refuse();
}

function listed(value: unknown): unknown[] {
  return value instanceof Sequence && value.kind === "list" ? value.items : refuse();
}

function zoneOrNone(value: unknown): Zone | undefined {
  if (value === undefined || value === null) return undefined;
  return value instanceof Zone ? value : refuse();
}

function isFactory(value: unknown): boolean {
  return value === undefined || value === null || value instanceof Name;
}

const DECIMAL = /^-?(?:\d{1,1000}(?:\.\d{0,1000})?(?:E[+-]\d{1,20})?|Infinity|s?NaN\d{0,100})$/;

/** The text of a Decimal as `str()` gives it. */
function decimal(value: string): string {
  return DECIMAL.test(value) ? value : refuse();
}

function latin1(value: unknown, encoding: unknown): Uint8Array {
  if (encoding !== "latin1" && encoding !== "latin-1") return refuse();
  return /[^\x00-\xff]/.test(text(value)) ? refuse() : Uint8Array.from(Buffer.from(text(value), "latin1"));
}

function bytearray([value, encoding]: readonly unknown[]): Uint8Array {
  if (value === undefined) return new Uint8Array(0);
  return typeof value === "string" ? latin1(value, encoding) : bytes(value);
}
