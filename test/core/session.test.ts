import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { SessionError, type Session } from "../../src/index.ts";
import { memorySessions, anonymous } from "./helpers.ts";

const open = (): Promise<Session<Record<string, unknown>>> => memorySessions().sessions.open(anonymous);

describe("a session", () => {
  test("is used like a dict", async () => {
    const session = await open();
    session["user"] = "ada";
    session["cart"] = ["tea"];
    expect(session["user"]).toBe("ada");
    expect("user" in session).toBe(true);
    expect(Object.keys(session)).toEqual(["user", "cart"]);
    expect({ ...session }).toEqual({ user: "ada", cart: ["tea"] });
    expect(JSON.stringify(session)).toBe('{"user":"ada","cart":["tea"]}');
    delete session["user"];
    expect("user" in session).toBe(false);
  });

  test("shows its data, but neither its id nor its controls, when it is printed", async () => {
    const session = await open();
    session["user"] = "ada";
    const printed = inspect(session, { showHidden: true, depth: 5, getters: false });
    expect(printed).toContain("user: 'ada'");
    expect(printed).not.toContain(session.id);
  });

  test("gives, pops and sets defaults", async () => {
    const session = await open();
    expect(session.get("user")).toBeUndefined();
    expect(session.get("user", "stranger")).toBe("stranger");
    expect(session.setDefault("user", "ada")).toBe("ada");
    expect(session.setDefault("user", "bob")).toBe("ada");
    expect(session.pop("user", "nobody")).toBe("ada");
    expect(session.pop("user", "nobody")).toBe("nobody");
  });

  test.each(["get", "id", "update", "flash"])("does not take %s as a key, and says why", async (key) => {
    const session = await open();
    expect(() => Object.assign(session, { [key]: 1 })).toThrow(expect.objectContaining({ code: "RESERVED" }));
    expect(typeof session.get).toBe("function");
  });

  test.each(["constructor", "toString", "hasOwnProperty", "then", "permanent_"])("takes %s as a key", async (key) => {
    const session = await open();
    Object.assign(session, { [key]: 1 });
    expect([session[key], Object.keys(session)]).toEqual([1, [key]]);
  });

  test("keeps a stored key that bears a control's name, and reaches it by get", async () => {
    const { sessions, browser } = memorySessions();
    const first = await sessions.open(anonymous);
    first.setDefault("id", "mine");
    first.setDefault("__proto__", { polluted: true });
    await browser.save(first);
    const second = await browser.open();
    expect(second.get("id")).toBe("mine");
    expect(second.get("__proto__")).toEqual({ polluted: true });
    expect(second.id).toHaveLength(43);
    expect(Object.keys(second)).toEqual([]);
    expect(second.pop("id")).toBe("mine");
    expect(second.get("id")).toBeUndefined();
  });

  test("refuses to get another prototype", async () => {
    const session = await open();
    expect(() => Object.assign(session, JSON.parse('{"__proto__": {"admin": true}}'))).toThrow(SessionError);
    expect((session as { admin?: boolean }).admin).toBeUndefined();
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  test("keeps flash messages in Flask's form until they are taken", async () => {
    const { sessions, browser } = memorySessions();
    const first = await sessions.open(anonymous);
    first.flash("Welcome");
    first.flash("Wrong password", "error");
    expect(first["_flashes"]).toEqual([
      ["message", "Welcome"],
      ["error", "Wrong password"],
    ]);
    await browser.save(first);

    const second = await browser.open();
    expect(second.takeFlashes({ withCategories: true, categories: ["error"] })).toEqual([["error", "Wrong password"]]);
    expect(second.takeFlashes()).toEqual(["Welcome", "Wrong password"]);
    await browser.save(second);
    expect((await browser.open()).takeFlashes()).toEqual([]);
  });

  test("keeps permanent as _permanent", async () => {
    const session = await open();
    expect(session.permanent).toBe(false);
    session.permanent = true;
    expect(session["_permanent"]).toBe(true);
  });

  test("forgets everything but its controls when it is cleared", async () => {
    const session = await open();
    session["user"] = "ada";
    session.setDefault("id", "mine");
    session.clear();
    expect(Object.keys(session)).toEqual([]);
    expect(session.get("id")).toBeUndefined();
  });

  test.each([
    ["a function", () => 1, /function/],
    ["a class instance", new Cart(), /Cart/],
    ["a Set", new Set([1]), /Set/],
    ["a symbol", Symbol("s"), /symbol/],
    ["an invalid date", new Date(Number.NaN), /invalid date/],
    ["half a surrogate pair", "\ud800", /surrogate/],
    ["an integer of 65 bits", 2n ** 64n, /64 bits/],
    ["a cycle", cycle(), /contains itself/],
    ["undefined in a list", [undefined], /undefined/],
  ])("refuses %s at the save, and names its key", async (_kind, value, why) => {
    const { sessions, store } = memorySessions();
    const session = await sessions.open(anonymous);
    session["fine"] = 1;
    session["basket"] = { deep: [value] };
    const saving = sessions.save(session);
    await expect(saving).rejects.toMatchObject({ code: "DATA", status: 500 });
    await expect(saving).rejects.toThrow(/"basket"/);
    await expect(saving).rejects.toThrow(why);
    expect(await store.count()).toBe(0);
  });

  test("comes back with the types it was given", async () => {
    const { sessions, browser } = memorySessions();
    const data = {
      when: new Date("2024-05-06T07:08:09.123Z"),
      bytes: Uint8Array.of(0, 255, 16),
      big: 2n ** 63n,
      float: 0.1,
      minusZero: -0,
      nothing: null,
      text: "日本語 \u0000 🔑",
      nested: { list: [1, [2, { three: 3 }]], 2: "two", 1: "one" },
      ids: new Map<unknown, unknown>([[7, "seven"]]),
    };
    const first = await sessions.open(anonymous);
    Object.assign(first, data);
    await browser.save(first);
    expect({ ...(await browser.open()) }).toEqual(data);
  });
});

class Cart {
  readonly items: string[] = [];
}

function cycle(): object {
  const node: { self?: object } = {};
  node.self = node;
  return node;
}
