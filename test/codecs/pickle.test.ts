import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Data } from "../../src/codecs/codec.ts";
import { pickle } from "../../src/codecs/legacy/pickle.ts";
import { msgpack } from "../../src/codecs/msgpack.ts";
import { Markup, Tuple, Uuid } from "../../src/codecs/python.ts";
import { partsOf, shapeOf, wasFloat } from "../../src/codecs/shapes.ts";

const { protocols } = JSON.parse(readFileSync(join(import.meta.dirname, "pickles.json"), "utf8")) as {
  protocols: string[];
};
const PICKLES = protocols.map((text) => Buffer.from(text, "base64"));

/** A pickle by its opcodes, one character for each byte. */
function pickled(opcodes: string): Buffer {
  return Buffer.from(opcodes, "latin1");
}

function read(opcodes: string): Data | undefined {
  return pickle.decode(pickled(opcodes));
}

describe.each(PICKLES.map((bytes, protocol) => ({ protocol, bytes })))("protocol $protocol", ({ bytes }) => {
  const data = pickle.decode(bytes) ?? new Map();

  test("is read, type by type", () => {
    const { __proto__: _, ...rest } = Object.fromEntries(data) as Record<string, unknown>;
    expect(rest).toEqual({
      text: "é\ud800😀\\\n",
      ints: [0, -1, 255, 65536, -(2 ** 31), 2n ** 53n, -(2n ** 70n)],
      floats: [1, -2.5, Number.POSITIVE_INFINITY],
      bytes: Uint8Array.of(0, 255),
      array: Uint8Array.from(Buffer.from("ab")),
      tuple: Tuple.of<unknown>(1, Tuple.of("a"), new Tuple()),
      none: null,
      bool: [true, false],
      set: [1],
      frozen: ["x"],
      keys: new Map<unknown, unknown>([
        [1, "a"],
        [Tuple.of<unknown>(1, "x"), "b"],
        [null, "c"],
        [2, "d"],
      ]),
      aware: new Date("2024-05-06T01:38:09.123Z"),
      naive: "2024-05-06T00:00:00",
      date: "2024-02-29",
      time: "01:02:03.000004",
      zoned: "23:59:00+05:30",
      deltas: ["P1DT2.000003S", "-PT1.5S", "P0D"],
      decimal: "19.90",
      uuid: new Uuid("00000000-0000-0000-0000-000000000009"),
      markup: new Markup("<b>"),
      ordered: { b: 1, 2: 2 },
      default: { a: [1] },
      shared: [[1], [1]],
    });
  });

  test("keeps what a plain value forgets", () => {
    const floats = data.get("floats") as number[];
    expect(wasFloat(shapeOf(floats), 0, 1)).toBe(true);
    expect(partsOf(data.get("aware") as Date).micros).toBe(123_456);
    expect(shapeOf(data.get("ordered") as object)?.order).toEqual(["b", "2"]);
    const [first, second] = data.get("shared") as object[];
    expect(first).toBe(second);
  });

  test("pollutes no prototype", () => {
    expect(Object.getPrototypeOf(data.get("__proto__"))).toBe(Object.prototype);
    expect(Object.keys(data.get("__proto__") as object)).toEqual(["__proto__"]);
  });

  test("can be written as Flask-Session writes it, but for what that cannot either", () => {
    const plain: Data = new Map(data);
    for (const key of ["text", "ints", "markup"]) plain.delete(key);
    const again = msgpack().decode(msgpack({ lossy: true }).encode(plain));
    expect(again?.get("deltas")).toEqual(["P1DT2.000003S", "-PT1.5S", "P0D"]);
    expect(again?.get("uuid")).toBe("00000000-0000-0000-0000-000000000009");
    expect(again?.size).toBe(plain.size);
  });

  test("ends early at no byte without the one error", () => {
    for (let end = 0; end < bytes.byteLength; end++) expect(outcomeOf(bytes.subarray(0, end))).toBe("unreadable");
  });

  test("ignores what follows it, as Python does", () => {
    expect(pickle.decode(Buffer.concat([bytes, Buffer.from("xx")]))?.size).toBe(data.size);
  });
});

describe("a pickle", () => {
  test.each([
    ["a function", "cos\nsystem\n(S'id'\ntR.", "a pickle names os.system, which is no plain data"],
    [
      "a function of Python's own",
      "c__builtin__\neval\n(S'1'\ntR.",
      "a pickle names builtins.eval, which is no plain data",
    ],
    ["a way to others", "cbuiltins\ngetattr\n.", "a pickle names builtins.getattr, which is no plain data"],
    [
      "a class of the application",
      "\x80\x04\x8c\x03app\x8c\x04User\x93).",
      "a pickle names app.User, which is no plain data",
    ],
    ["a name that is data", "ca\x07b\nx y\n.", "a pickle names a class, which is no plain data"],
    [
      "a name of JavaScript's",
      "cconstructor\n__proto__\n.",
      "a pickle names constructor.__proto__, which is no plain data",
    ],
    ["a class alone", "}S'a'\ncuuid\nUUID\ns.", "a pickle holds a class or a timezone, which is no plain data"],
    ["an instance", "(icopyreg\nX\n.", "a pickle has the opcode 0x69, which is not read"],
    ["a persistent id", "Pid\n.", "a pickle has the opcode 0x50, which is not read"],
    ["a state for a dict", "}}b.", "a pickle makes something that is no plain data"],
    ["a list in itself", "}S'a'\n]p0\ng0\nas.", "a pickle has a value that contains itself"],
    ["a dict in itself", "}p0\nS'a'\ng0\ns.", "a pickle has a value that contains itself"],
    ["a list as a key", "}]Ns.", "a pickle has a key that Python cannot have"],
    ["a newer protocol", "\x80\x06}.", "a pickle has protocol 6; 0 to 5 are read"],
    ["4 GB", "\x80\x05B\xff\xff\xff\xff.", "the pickle ends early"],
    ["8 EB", "\x80\x05\x8d\xff\xff\xff\xff\xff\xff\xff\x7f.", "the pickle ends early"],
    ["a list alone", "](K\x01e.", "a pickle holds no dict"],
    ["a month too many", "cdatetime\ndate\n(C\x04\x07\xe8\x0d\x01tR.", "a date is out of range"],
    ["many arguments", "cdatetime\ndate\n(NNNNtR.", "a pickle makes something of arguments that are none"],
    ["a large state", "cuuid\nUUID\n)R}(NNNNNNub.", "a pickle makes something that is no plain data"],
    ["a deep value", `}S'a'\n${"]".repeat(1001)}${"a".repeat(1000)}s.`, "a pickle is nested deeper than 1000 levels"],
  ])("with %s is refused", (_what, opcodes, message) => {
    expect(() => read(opcodes)).toThrow(expect.objectContaining({ name: "UnreadablePickle", message }));
  });

  test.each([
    ["names a value ten times, a hundred times over", `]p0\n0${lines("](", "e")}}S'a'\ng100\ns.`],
    ["does so with keys", `)p0\n0${lines("(", "t")}}g100\nNs.`],
    ["names a long text often", `}S'a'\n](X\x00\x00\x10\x00${"x".repeat(2 ** 20)}q\x00${"h\x00".repeat(100)}es.`],
    [
      "makes sets of one list",
      `c__builtin__\nset\nq\x010](${"N".repeat(50_000)}eq\x000}S'a'\n](${"h\x01h\x00\x85R".repeat(9000)}es.`,
    ],
    ["has too many values", `}S'a'\n](${"N".repeat(2 ** 20)}es.`],
    [
      "encodes a text often",
      `c_codecs\nencode\nq\x00X\x00\x00\x10\x00${"x".repeat(2 ** 20)}q\x01S'latin1'\nq\x02${"h\x00h\x01h\x02\x86R0".repeat(99)}.`,
    ],
  ])("that %s is too large", (_what, opcodes) => {
    expect(() => read(opcodes)).toThrow("a pickle is too large to be read");
  });

  test("of Python 2's texts is read where Python 3 reads it", () => {
    expect(read("(dp0\nS'a\\x41\\n'\np1\nI1\nsU\x01bT\x01\x00\x00\x00cs.")).toEqual(
      new Map<unknown, unknown>([
        ["aA\n", 1],
        ["b", "c"],
      ]),
    );
    expect(() => read("}S'\\xe9'\nNs.")).toThrow("text of Python 2 is not ASCII");
  });

  test("that is damaged anywhere throws the one error or is read, and nothing else", () => {
    const damage = fc.tuple(fc.nat(), fc.nat(4), fc.uint8Array({ minLength: 1, maxLength: 6 }));
    fc.assert(
      fc.property(fc.constantFrom(...PICKLES), fc.array(damage, { minLength: 1, maxLength: 4 }), (bytes, damages) => {
        expect(outcomeOf(damages.reduce(damaged, bytes))).toMatch(/^(?:read|unreadable)$/);
      }),
      { numRuns: 3000 },
    );
  });

  test("is never written", () => {
    expect(() => pickle.encode(new Map())).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });
});

/** A hundred times a container of ten times the one before. */
function lines(open: string, close: string): string {
  return Array.from({ length: 100 }, (_, n) => `${open}${`g${n}\n`.repeat(10)}${close}p${n + 1}\n0`).join("");
}

/** Some bytes replaced by others. */
function damaged(bytes: Buffer, [place, removed, added]: [number, number, Uint8Array]): Buffer {
  const at = place % (bytes.byteLength + 1);
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);
}

function outcomeOf(bytes: Buffer): string {
  try {
    pickle.decode(bytes);
    return "read";
  } catch (error) {
    return error instanceof Error && error.name === "UnreadablePickle" ? "unreadable" : String(error);
  }
}
