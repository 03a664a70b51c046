import { describe, expect, test } from "vitest";
import type { OnConflict } from "../../src/index.ts";
import { type Data, memorySessions } from "./helpers.ts";

type Act = (session: Data & { update(key: string, change: (n: unknown) => unknown): unknown }) => void;

/** Two requests of one session at once; `theirs` is saved first. */
async function race(before: Data, mine: Act, theirs: Act, onConflict: OnConflict = "mine") {
  const { browser, visitor } = memorySessions({ onConflict });
  await browser.visit((session) => Object.assign(session, { seed: 1, ...before }));
  const other = Object.assign(visitor(), { cookie: browser.cookie });
  const [first, second] = [await browser.open(), await other.open()];
  theirs(second);
  mine(first);
  await other.save(second);
  const saved = await browser.save(first);
  const { seed: _seed, ...data } = await browser.open();
  return { saved, data };
}

const increment = (n: unknown) => Number(n ?? 0) + 1;

describe("two requests of one session at once", () => {
  test("both count by update", async () => {
    const { data, saved } = await race(
      { n: 5 },
      (s) => s.update("n", increment),
      (s) => s.update("n", increment),
    );
    expect(data).toEqual({ n: 7 });
    expect(saved.conflicts).toEqual([]);
  });

  test("update works on what the other assigned", async () => {
    const { data } = await race(
      { n: 5 },
      (s) => s.update("n", increment),
      (s) => (s["n"] = 10),
    );
    expect(data).toEqual({ n: 11 });
  });

  test("an update on a key that the other deleted starts anew", async () => {
    const { data } = await race(
      { n: 5 },
      (s) => s.update("n", increment),
      (s) => delete s["n"],
    );
    expect(data).toEqual({ n: 1 });
  });

  test("several updates of one key all run again", async () => {
    const mine: Act = (s) => {
      s.update("cart", (cart) => [...((cart as string[] | undefined) ?? []), "tea"]);
      s.update("cart", (cart) => [...(cart as string[]), "milk"]);
    };
    const { data } = await race({ cart: ["bread"] }, mine, (s) =>
      s.update("cart", (cart) => [...(cart as string[]), "jam"]),
    );
    expect(data).toEqual({ cart: ["bread", "jam", "tea", "milk"] });
  });

  test("an update that changes the value in place runs again as well", async () => {
    const push = (item: string): Act => {
      return (s) =>
        s.update("cart", (cart) => {
          (cart as string[]).push(item);
          return cart;
        });
    };
    const { data, saved } = await race({ cart: ["bread"] }, push("tea"), push("jam"));
    expect(data).toEqual({ cart: ["bread", "jam", "tea"] });
    expect(saved.conflicts).toEqual([]);
  });

  test("an assignment after an update is an assignment", async () => {
    const mine: Act = (s) => {
      s.update("n", increment);
      s["n"] = 100;
    };
    const { data, saved } = await race({ n: 5 }, mine, (s) => s.update("n", increment));
    expect(data).toEqual({ n: 100 });
    expect(saved.conflicts).toEqual(["n"]);
  });

  test("a change inside an updated value is an assignment", async () => {
    const mine: Act = (s) => {
      const cart = s.update("cart", () => ["tea"]) as string[];
      cart.push("milk");
    };
    const { data } = await race({ cart: [] }, mine, (s) => (s["cart"] = ["jam"]));
    expect(data).toEqual({ cart: ["tea", "milk"] });
  });

  test("setting the same value is no conflict", async () => {
    const { data, saved } = await race(
      {},
      (s) => (s["theme"] = "dark"),
      (s) => (s["theme"] = "dark"),
    );
    expect(data).toEqual({ theme: "dark" });
    expect(saved).toMatchObject({ result: "saved", conflicts: [] });
  });

  test("setting the same value is no conflict beside a change of another key", async () => {
    const { data, saved } = await race(
      {},
      (s) => (s["theme"] = "dark"),
      (s) => Object.assign(s, { theme: "dark", other: 1 }),
    );
    expect(data).toEqual({ theme: "dark", other: 1 });
    expect(saved.conflicts).toEqual([]);
  });

  test("deleting what the other changed is a conflict", async () => {
    const { data, saved } = await race(
      { a: 1 },
      (s) => delete s["a"],
      (s) => (s["a"] = 2),
    );
    expect(data).toEqual({});
    expect(saved.conflicts).toEqual(["a"]);
  });

  test.each([
    ["mine", "dark"],
    ["theirs", "light"],
  ] as const)("onConflict %s keeps that value", async (onConflict, theme) => {
    const { data } = await race(
      {},
      (s) => (s["theme"] = "dark"),
      (s) => (s["theme"] = "light"),
      onConflict,
    );
    expect(data).toEqual({ theme });
  });

  test("onConflict may decide by itself", async () => {
    const decide: OnConflict = (key, { base, mine, theirs }) => [key, base, mine, theirs];
    const { data } = await race(
      { n: 1 },
      (s) => (s["n"] = 2),
      (s) => (s["n"] = 3),
      decide,
    );
    expect(data).toEqual({ n: ["n", 1, 2, 3] });
  });

  test("onConflict error rejects, and writes nothing", async () => {
    const racing = race(
      {},
      (s) => (s["theme"] = "dark"),
      (s) => (s["theme"] = "light"),
      "error",
    );
    await expect(racing).rejects.toMatchObject({ code: "CONFLICT", status: 409 });
  });
});

test("a swap that is lost 16 times in a row is given up", async () => {
  const { browser, store, elsewhere } = memorySessions();
  await browser.visit((session) => (session["n"] = 0));
  const rival = Object.assign(elsewhere(), { cookie: browser.cookie });
  const session = await browser.open();
  session["mine"] = 1;
  let rivals = 0;
  let busy = false;
  store.before = async (verb) => {
    if (verb !== "update" || busy) return;
    busy = true;
    await rival.visit((other) => (other["n"] = ++rivals));
    busy = false;
  };
  await expect(browser.save(session)).rejects.toMatchObject({ code: "CONFLICT" });
  expect(rivals).toBe(16);
});
