import { describe, expect, test } from "vitest";
import { isLinearizable, type Machine, type Operation } from "./linearizable.ts";
import { type Input, type LineageOperation, lineage, type Output } from "./lineage.ts";

/** A number that can be read, set, and swapped if it is what one thinks. */
type Ask = "read" | { set: number } | { from: number; to: number };
type Answer = number | boolean;

const register: Machine<number, Ask, Answer> = {
  start: 0,
  nameOf: String,
  after(state, ask, answer) {
    if (ask === "read") return answer === state || answer === undefined ? [state] : [];
    if ("set" in ask) return [ask.set];
    const swaps = ask.from === state;
    return answer === undefined || answer === swaps ? [swaps ? ask.to : state] : [];
  },
};

const op = (from: number, to: number, input: Ask, output?: Answer): Operation<Ask, Answer> => {
  return output === undefined ? { input, from, to } : { input, output, from, to };
};
const inDoubt = (from: number, input: Ask) => op(from, Infinity, input);

describe("a history of a register", () => {
  test.each<[string, Operation<Ask, Answer>[]]>([
    ["is empty", []],
    ["reads what was set", [op(0, 1, { set: 5 }, true), op(2, 3, "read", 5)]],
    [
      "reads the old value while another is set",
      [op(0, 9, { set: 5 }, true), op(1, 2, "read", 0), op(3, 4, "read", 5)],
    ],
    [
      "sets out of the order of asking",
      [op(0, 9, { set: 1 }, true), op(1, 8, { set: 2 }, true), op(10, 11, "read", 1)],
    ],
    ["has one of two swaps lose", [op(0, 9, { from: 0, to: 1 }, true), op(0, 9, { from: 0, to: 2 }, false)]],
    ["never did what is in doubt", [inDoubt(0, { set: 5 }), op(1, 2, "read", 0)]],
    ["did late what is in doubt", [inDoubt(0, { set: 5 }), op(1, 2, "read", 0), op(3, 4, "read", 5)]],
  ])("may be one in which it %s", (_case, history) => {
    expect(isLinearizable(history, register)).toBe(true);
  });

  test.each<[string, Operation<Ask, Answer>[]]>([
    ["reads what nobody set", [op(0, 1, "read", 5)]],
    ["loses what was acknowledged", [op(0, 1, { set: 5 }, true), op(2, 3, "read", 0)]],
    ["goes back", [op(0, 9, { set: 5 }, true), op(1, 2, "read", 5), op(3, 4, "read", 0)]],
    ["lets two swaps win", [op(0, 9, { from: 0, to: 1 }, true), op(0, 9, { from: 0, to: 2 }, true)]],
    ["lets nobody win", [op(0, 9, { from: 0, to: 1 }, false)]],
    ["knows what is asked later", [op(0, 1, "read", 5), op(2, 3, { set: 5 }, true)]],
    [
      "does twice what is in doubt",
      [inDoubt(0, { set: 5 }), op(1, 2, "read", 5), op(3, 4, { set: 0 }, true), op(5, 6, "read", 5)],
    ],
    ["does what is in doubt before it is asked", [op(0, 1, "read", 5), inDoubt(2, { set: 5 })]],
  ])("cannot be one in which it %s", (_case, history) => {
    expect(isLinearizable(history, register)).toBe(false);
  });

  test("of 200 operations by eight at once is judged in less steps than would be too many", () => {
    const history = Array.from({ length: 200 }, (_, n) => op(n, n + 8, { set: n }, true));
    expect(isLinearizable([...history, op(300, 301, "read", 195)], register)).toBe(true);
    expect(isLinearizable([...history, op(300, 301, "read", 100)], register)).toBe(false);
  });
});

describe("a history of a session", () => {
  const machine = lineage("a", { user: "ada" });
  const ask = (from: number, to: number, input: Input, output?: Output): LineageOperation => {
    return output === undefined ? { input, from, to } : { input, output, from, to };
  };
  const open = (from: number, id: string, output: Output) => ask(from, from + 1, { ask: "open", id }, output);
  const push = (from: number, to: number, item: string, output?: Output) =>
    ask(from, to, { ask: "save", id: "a", deeds: [{ act: "append", key: "log", item }] }, output);
  const regenerate = (from: number, to: number, output?: Output) =>
    ask(from, to, { ask: "regenerate", id: "a", deeds: [] }, output);
  const destroy = (from: number, to: number) => ask(from, to, { ask: "destroy", id: "a" }, "ended");

  test.each<[string, LineageOperation[]]>([
    [
      "merges two",
      [push(0, 9, "1", {}), push(0, 9, "2", {}), open(10, "a", { data: { user: "ada", log: ["2", "1"] } })],
    ],
    ["tells one of two that it is gone", [regenerate(0, 9, { id: "b" }), regenerate(0, 9, "gone")]],
    ["lives under its new id", [regenerate(0, 1, { id: "b" }), open(2, "a", "gone"), open(4, "b", {})]],
    ["may be gone after a regenerate in doubt", [regenerate(0, Infinity), open(2, "a", {}), open(4, "a", "gone")]],
    ["ends", [destroy(0, 9), push(1, 2, "1", {}), push(3, 4, "2", "gone")]],
  ])("may be one in which it %s", (_case, history) => {
    expect(isLinearizable(history, machine)).toBe(true);
  });

  test.each<[string, LineageOperation[]]>([
    [
      "loses one of two",
      [push(0, 9, "1", {}), push(0, 9, "2", {}), open(10, "a", { data: { user: "ada", log: ["2"] } })],
    ],
    ["does one twice", [push(0, 9, "1", {}), open(10, "a", { data: { user: "ada", log: ["1", "1"] } })]],
    ["lives under two ids", [regenerate(0, 1, { id: "b" }), open(2, "b", {}), open(4, "a", {})]],
    ["lets two regenerate", [regenerate(0, 9, { id: "b" }), regenerate(0, 9, { id: "c" })]],
    ["comes back", [destroy(0, 1), open(2, "a", "gone"), open(4, "a", {})]],
    ["is written after its end", [destroy(0, 1), push(2, 3, "1", {})]],
    ["is gone without a reason", [push(0, 1, "1", "gone")]],
  ])("cannot be one in which it %s", (_case, history) => {
    expect(isLinearizable(history, machine)).toBe(false);
  });
});
