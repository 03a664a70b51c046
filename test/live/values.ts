/** Random sessions of Python in the notation: every type that a format carries, and the ones that it turns into others. */
import fc from "fast-check";
import type { Format, Place } from "./places.ts";

type Value = fc.Arbitrary<unknown>;

/** A session as an ordered dict; one in ten has a value of up to the place's size. */
export function sessionOf({ format, size }: Place): fc.Arbitrary<{ $dict: [unknown, unknown][] }> {
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      LEAVES[format],
      fc.array(tie("value"), { maxLength: 4 }),
      dictOf(KEYS[format], tie("value")),
      ...CONTAINERS[format](tie("value")),
    ),
  }));
  const top = format === "tagged" ? text : KEYS[format];
  const pairs = pairsOf(top, value, 6);
  const extra = fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: long(format, size) });
  return fc.tuple(pairs, extra).map(([some, one]) => ({ $dict: one === null ? some : [...some, ["long", one]] }));
}

const units = fc.oneof(fc.constant("binary" as const), fc.constant("grapheme" as const));
/** Any character, the odd ones more often. */
const characters = units.chain((unit) => fc.string({ unit, maxLength: 60 }));
const odd = fc.constantFrom(
  "",
  "__proto__",
  "constructor",
  "get",
  "id",
  "10",
  "2",
  " t",
  " di",
  " b",
  "$int",
  "\u0000",
  '\u2028"\\/\u007f',
  "\ufeff",
);
const text = fc.oneof({ weight: 8, arbitrary: characters }, { weight: 1, arbitrary: odd });
/** Halves of surrogate pairs, which only Flask's own JSON holds. */
const halves = fc.string({ unit: fc.constantFrom("\ud83d", "\ude00", "a", "é"), minLength: 1, maxLength: 6 });

const tagged = <Inside>(tag: string, inside: fc.Arbitrary<Inside>) => inside.map((each) => ({ [tag]: each }));
const integersBetween = (min: bigint, max: bigint) => fc.bigInt({ min, max }).map((each) => ({ $int: String(each) }));
const integer = fc.oneof(fc.integer(), fc.maxSafeInteger(), integersBetween(-(2n ** 63n), 2n ** 64n - 1n));
const big = fc.oneof(integer, integersBetween(-(2n ** 200n), 2n ** 200n));
const float = tagged(
  "$float",
  fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-0, 1e16, 1e-5, 1e22, 5e-324)).map(pythonFloat),
);
const bytes = bytesOf({ maxLength: 60 });
const uuid = tagged("$uuid", fc.uuid());
const micros = fc.integer({ min: 0, max: 999_999 });
/** To the second, in UTC; the last years are left out, since a zone would lead beyond them. */
const second = fc.date({ min: new Date("0001-01-02T00:00:00Z"), max: new Date("9999-12-30"), noInvalidDate: true });
const naive = fc.tuple(second, fc.oneof(fc.constant(0), micros)).map(([date, fraction]) => isoOf(date, fraction));
const zone = fc.constantFrom("+00:00", "+00:00", "+05:30", "-11:00", "+14:00");
const datetime = tagged(
  "$datetime",
  fc.tuple(naive, fc.oneof(fc.constant(""), zone)).map((parts) => parts.join("")),
);
/** What msgspec writes as text, or as an array. */
const turned = fc.oneof(
  tagged(
    "$date",
    second.map((date) => date.toISOString().slice(0, 10)),
  ),
  tagged(
    "$time",
    naive.map((iso) => iso.slice(11)),
  ),
  tagged("$timedelta", fc.integer({ min: -1e9, max: 1e9 })),
  tagged("$decimal", fc.constantFrom("19.90", "-0.000000001", "1E+40", "0")),
  tagged("$set", fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 1 })),
);

const plain = fc.oneof(text, text, fc.boolean(), fc.constant(null), float);
const LEAVES: Record<Format, Value> = {
  tagged: fc.oneof(plain, big, halves, bytes, uuid, datetime, tagged("$markup", text)),
  msgpack: fc.oneof(plain, integer, bytes, uuid, datetime, turned),
  json: fc.oneof(plain, big, bytes, uuid, datetime, turned),
};

/** The keys of a dict: Flask's own JSON sorts them, so they are of one kind there. */
const KEYS: Record<Format, Value> = {
  tagged: text,
  msgpack: fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: oddKey() }),
  json: fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: fc.oneof(fc.integer(), uuid, bytes) }),
};

function oddKey(): Value {
  const tuple = tagged("$tuple", fc.tuple(text, fc.integer()));
  return fc.oneof(integer, bytes, uuid, tuple, fc.constant(null), fc.boolean());
}

const CONTAINERS: Record<Format, (value: Value) => Value[]> = {
  tagged: (value) => [tupleOf(value), dictOf(fc.integer(), value), dictOf(fc.boolean(), value)],
  msgpack: (value) => [tupleOf(value)],
  json: (value) => [tupleOf(value)],
};

function bytesOf(lengths: fc.IntArrayConstraints): Value {
  return tagged(
    "$bytes",
    fc.uint8Array(lengths).map((each) => Buffer.from(each).toString("base64")),
  );
}

function tupleOf(value: Value): Value {
  return tagged("$tuple", fc.array(value, { maxLength: 3 }));
}

function dictOf(key: Value, value: Value): Value {
  return tagged("$dict", pairsOf(key, value, 4));
}

function pairsOf(key: Value, value: Value, maxLength: number): fc.Arbitrary<[unknown, unknown][]> {
  return fc.uniqueArray(fc.tuple(key, value), { maxLength, selector: ([each]) => pythonKey(each) });
}

/** One text for what is one key in Python, where True is 1, or becomes one in text. */
function pythonKey(key: unknown): string {
  if (typeof key === "boolean") return String(Number(key));
  return typeof key === "object" && key !== null ? String(Object.values(key)[0]) : String(key);
}

/** What no cookie holds. */
const tooLong = bytesOf({ minLength: 4000, maxLength: 5000 });

/** Up to the size: of a signed cookie, as text that is small once it is compressed. */
function long(format: Format, size: number): Value {
  const count = fc.integer({ min: 1000, max: size });
  const repeated = fc
    .tuple(count, fc.constantFrom("a", "é", "€", "💾", "\n"))
    .map(([n, char]) => char.repeat(n / char.length));
  if (format === "tagged") return fc.oneof({ weight: 4, arbitrary: repeated }, { weight: 1, arbitrary: tooLong });
  const filled = count.map((n) => Buffer.alloc(n / 2, "\u00ffA~").toString("base64"));
  return fc.oneof(
    repeated,
    tagged("$bytes", filled),
    count.map((n) => Array.from({ length: n / 50 }, (_, index) => index)),
  );
}

function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0.0" : String(value);
}

function isoOf(date: Date, fraction: number): string {
  const whole = date.toISOString().slice(0, 19);
  return fraction === 0 ? whole : `${whole}.${String(fraction).padStart(6, "0")}`;
}
