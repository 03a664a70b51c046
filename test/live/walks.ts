/** One visitor who goes from Flask to Node and back, with one cookie. */
import { expect } from "vitest";
import { toldLoosely } from "../../scripts/vectors/notation.ts";
import type { Act } from "./acts.ts";
import { type Side, type Sides, type Visitor, tellOf } from "./sides.ts";

const CART = [{ id: 7, price: { $float: "2.0" } }];
const LOGIN = { user: "ada", cart: CART, since: { $datetime: "2026-01-02T03:04:05+00:00" } };

/** A visitor who is logged in, by one of the two. */
export async function loggedIn({ visitor }: Sides, side: Side): Promise<Visitor> {
  const someone = visitor();
  const { status } = await someone.visit(side, ["setAll", { $dict: Object.entries(LOGIN) }]);
  expect(status).toBe(200);
  return someone;
}

/** Who logged in with one is known to the other, and what the other changes is changed. */
export async function readAndChange(sides: Sides, first: Side, second: Side): Promise<void> {
  const visitor = await loggedIn(sides, first);
  const before = await visitor.visit(first);
  expect(await visitor.visit(second)).toEqual(before);
  expect(before.told).toContain('"user": "ada"');

  await visitor.visit(second, ["set", "colour", "teal"], ["pop", "since"], ["pop", "user"]);
  const after = await visitor.visit(first);
  expect(after.id).toBe(before.id);
  const permanent = before.told.includes("_permanent") ? { _permanent: true } : {};
  expect(after.told).toBe(tellOf({ ...permanent, cart: CART, colour: "teal" }));
  expect(await visitor.visit(second)).toEqual(after);
}

/** A message of one is shown by the other, once. */
export async function flash(sides: Sides, first: Side, second: Side): Promise<void> {
  const visitor = await loggedIn(sides, first);
  await visitor.visit(first, ["flash", "Saved 💾", "success"], ["flash", "Again", "message"]);
  const messages = [
    ["success", "Saved 💾"],
    ["message", "Again"],
  ];
  const shown = await visitor.visit(second, ["takeFlashes"]);
  expect(shown.results).toEqual([toldLoosely(messages)]);
  for (const side of [first, second]) {
    expect((await visitor.visit(side, ["takeFlashes"])).results).toEqual([toldLoosely([])]);
  }
}

/** The id that one gives is the other's as well, and the former is dead for both. */
export async function regenerate(sides: Sides, first: Side, second: Side): Promise<void> {
  const visitor = await loggedIn(sides, first);
  const before = await visitor.visit(first);
  const former = visitor.cookie() ?? "";
  await visitor.visit(second, ["regenerate"]);
  const after = await visitor.visit(first);
  expect(after.told).toBe(before.told);
  expect(after.id).not.toBe(before.id);
  await expectDead(visitor, former);
}

/** Who is logged out by one is logged out of the other: the cookie is gone, and a copy of it opens nothing where it can. */
export async function logout(sides: Sides, first: Side, second: Side, isStored: boolean): Promise<void> {
  const visitor = await loggedIn(sides, first);
  const former = visitor.cookie() ?? "";
  await visitor.visit(second, ["clear"]);
  expect(visitor.cookie()).toBeUndefined();
  expect((await visitor.visit(first)).told).not.toContain("ada");
  if (isStored) await expectDead(visitor, former);
}

export async function expectDead(visitor: Visitor, cookie: string): Promise<void> {
  expect(cookie).not.toBe("");
  for (const side of ["flask", "node"] as const) {
    expect((await visitor.visitWith(cookie, side)).told, side).not.toContain("ada");
  }
}
