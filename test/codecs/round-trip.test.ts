import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Codec } from "../../src/codecs/codec.ts";
import { json } from "../../src/codecs/json.ts";
import { msgpack } from "../../src/codecs/msgpack.ts";
import { Extension, Float, Markup, Tuple, Uuid } from "../../src/codecs/python.ts";
import { taggedJson } from "../../src/codecs/tagged-json.ts";

const key = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("__proto__", "constructor", " t", "10", "2", ""),
);
const text = fc.string({ unit: "binary", maxLength: 300 });
const integer = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).map((n) => (Number.isSafeInteger(Number(n)) ? Number(n) : n)),
);
const float = fc.double({ noNaN: true, noDefaultInfinity: true });
const plain = fc.oneof(text, integer, float, fc.boolean(), fc.constant(null));
const second = fc.date({ min: new Date("0100-01-01"), max: new Date("9999-12-31"), noInvalidDate: true });

function dataOf(leaf: fc.Arbitrary<unknown>): fc.Arbitrary<Map<unknown, unknown>> {
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      fc.array(tie("value"), { maxLength: 20 }),
      fc.dictionary(key, tie("value"), { maxKeys: 20, noNullPrototype: true }),
    ),
  }));
  return fc.array(fc.tuple(key, value), { maxLength: 8 }).map((entries) => new Map<unknown, unknown>(entries));
}

const CODECS: [string, Codec, fc.Arbitrary<Map<unknown, unknown>>][] = [
  ["msgpack", msgpack(), dataOf(fc.oneof(plain, fc.uint8Array(), second))],
  ["json", json(), dataOf(plain)],
  ["tagged JSON", taggedJson, dataOf(fc.oneof(plain, fc.uint8Array(), fc.bigInt({ min: 2n ** 64n, max: 2n ** 200n })))],
];

describe.each(CODECS)("%s", (_name, codec, data) => {
  test("gives back what it was given", () => {
    fc.assert(
      fc.property(data, (given) => {
        expect(codec.decode(codec.encode(given))).toEqual(given);
      }),
      { numRuns: 500 },
    );
  });

  test("writes what it read as it was", () => {
    fc.assert(
      fc.property(data, (given) => {
        const bytes = codec.encode(given);
        expect(Buffer.from(codec.encode(codec.decode(bytes) ?? new Map())).toString("hex")).toBe(
          Buffer.from(bytes).toString("hex"),
        );
      }),
    );
  });

  test("throws an error for any other bytes, and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(outcomeOf(() => codec.decode(bytes))).toMatch(/^(?:data|nothing|error)$/);
      }),
      { numRuns: 2000 },
    );
  });

  test("pollutes no prototype", () => {
    const hostile = JSON.parse(
      '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}',
    ) as object;
    const read = codec.decode(codec.encode(new Map([["x", hostile]])))?.get("x") as Record<string, unknown>;
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(Object.keys(read)).toEqual(["__proto__", "constructor"].filter((name) => Object.hasOwn(read, name)));
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  test("refuses a value nested too deeply, without running out of stack", () => {
    let deep: unknown = 1;
    for (let n = 0; n < 100_000; n++) deep = [deep];
    expect(() => codec.encode(new Map([["deep", deep]]))).toThrow(/nested deeper than 1000/);
  });
});

function outcomeOf(decode: () => unknown): string {
  try {
    return decode() === undefined ? "nothing" : "data";
  } catch (error) {
    return error instanceof Error ? "error" : "something else";
  }
}

describe("what Python wrote and nobody changed goes back as it was", () => {
  const bytesOf = (text_: string) => Buffer.from(text_, "utf8");

  test.each([
    ["a whole float", json(), '{"a":1.0,"l":[1,1.0,2.0],"d":{"x":3.0}}'],
    ["an integer beyond 2^53", json(), '{"n":9007199254740993,"m":123456789012345678901234567890}'],
    ["keys in an order that objects do not keep", json(), '{"b":1,"2":{"y":1,"1":2,"0":3}}'],
    [
      "tagged tuples, bytes, UUIDs, dates and Markup",
      taggedJson,
      '{"b":{" b":"AAEC"},"d":{" d":"Mon, 06 May 2024 07:08:09 GMT"},"m":{" m":"<b>"},"t":{" t":[1,2.0,{" t":[]}]},"u":{" u":"12345678123456789abcdef012345678"}}',
    ],
    ["floats that are no numbers", taggedJson, '{"i":Infinity,"n":NaN,"z":-0.0}'],
  ])("%s", (_name, codec, content) => {
    const data = codec.decode(bytesOf(content));
    expect(Buffer.from(codec.encode(data ?? new Map())).toString()).toBe(content);
  });

  test("a whole float that was changed is the number it is now, and one that was put back is a float", () => {
    const data = json().decode(bytesOf('{"o":{"a":1.0,"b":1.0}}')) ?? new Map();
    const object = data.get("o") as Record<string, number>;
    object["a"] = 2;
    object["b"] = 5;
    object["b"] = 1;
    expect(Buffer.from(json().encode(data)).toString()).toBe('{"o":{"a":2,"b":1.0}}');
  });

  test("the microseconds of an instant", () => {
    const codec = msgpack();
    const time = (123_456_000n << 34n) | 1_714_979_289n;
    const bytes = Buffer.from(`81a164d7ff${time.toString(16).padStart(16, "0")}`, "hex");
    const data = codec.decode(bytes) ?? new Map();
    expect(data.get("d")).toBeInstanceOf(Date);
    expect(Buffer.from(codec.encode(data)).toString("hex")).toBe(bytes.toString("hex"));
  });
});

describe("Python's own types", () => {
  const lossy = msgpack({ lossy: true });

  test("are written as Flask's signed cookie has them", () => {
    const data = new Map<unknown, unknown>([
      ["f", new Float(1)],
      ["m", new Markup("<b>")],
      ["t", Tuple.of<unknown>(1, "a")],
      ["u", new Uuid("{12345678-1234-5678-9ABC-DEF012345678}")],
    ]);
    expect(Buffer.from(taggedJson.encode(data)).toString()).toBe(
      '{"f":1.0,"m":{" m":"<b>"},"t":{" t":[1,"a"]},"u":{" u":"12345678123456789abcdef012345678"}}',
    );
  });

  test("are refused where they would come back as something else", () => {
    for (const value of [Tuple.of(1), new Uuid("0".repeat(32)), new Markup("x")]) {
      expect(() => msgpack().encode(new Map([["x", value]]))).toThrow(expect.objectContaining({ code: "DATA" }));
      expect(() => json().encode(new Map([["x", value]]))).toThrow(expect.objectContaining({ code: "DATA" }));
    }
    for (const value of [new Date(), Uint8Array.of(1), Number.NaN]) {
      expect(() => json().encode(new Map([["x", value]]))).toThrow(expect.objectContaining({ code: "DATA" }));
    }
  });

  test("lose their type in an entry of Flask-Session, as they do in Python", () => {
    const data = new Map<unknown, unknown>([
      ["t", Tuple.of(1)],
      ["u", new Uuid("0".repeat(32))],
      ["e", new Extension(5, Uint8Array.of(1))],
    ]);
    expect(lossy.decode(lossy.encode(data))).toEqual(
      new Map<unknown, unknown>([
        ["t", [1]],
        ["u", "00000000-0000-0000-0000-000000000000"],
        ["e", new Extension(5, Uint8Array.of(1))],
      ]),
    );
  });

  test("read as their text", () => {
    expect(String(new Markup("<b>"))).toBe("<b>");
    expect(JSON.stringify({ u: new Uuid("0".repeat(32)), f: new Float(1) })).toBe(
      '{"u":"00000000-0000-0000-0000-000000000000","f":1}',
    );
    expect(() => new Uuid("nonsense")).toThrow(TypeError);
  });
});
