/** One visitor who goes from Flask to Node and back, with one cookie. */
import { type Side, type Sides, type Visitor, tellOf } from "./sides.ts";

const CART = [{ id: 7, price: { $float: "2.0" } }];
const LOGIN = { user: "ada", cart: CART, since: { $datetime: "2026-01-02T03:04:05+00:00" } };

/** A visitor who is logged in, by one of the two. */
export async function loggedIn({ visitor }: Sides, side: Side): Promise<Visitor> {
  const someone = visitor();
  const { status, told } = await someone.visit(side, ["setAll", { $dict: Object.entries(LOGIN) }]);
  if (status !== 200 || !isAda(told)) throw new Error(`${side} answered ${status} to a login`);
  return someone;
}

function isAda(told: string): boolean {
  return told.includes('"user": "ada"');
}

/** What both see of a login, and then of a change. */
export async function readAndChange(sides: Sides, first: Side, second: Side) {
  const visitor = await loggedIn(sides, first);
  const reads = { first: await visitor.visit(first), second: await visitor.visit(second) };
  await visitor.visit(second, ["set", "colour", "teal"], ["pop", "since"], ["pop", "user"]);
  const permanent = reads.first.told.includes("_permanent") ? { _permanent: true } : {};
  const expected = tellOf({ ...permanent, cart: CART, colour: "teal" });
  return { reads, changes: { expected, first: await visitor.visit(first), second: await visitor.visit(second) } };
}

/** The messages that `second`, `first` and `second` again show of those that `first` kept. */
export async function flash(sides: Sides, first: Side, second: Side): Promise<(string | undefined)[]> {
  const visitor = await loggedIn(sides, first);
  await visitor.visit(first, ["flash", "Saved 💾", "success"], ["flash", "Again", "message"]);
  const shown: (string | undefined)[] = [];
  for (const side of [second, first, second]) shown.push((await visitor.visit(side, ["takeFlashes"])).results[0]);
  return shown;
}

/** A login by one that gets a new id from the other. */
export async function regenerate(sides: Sides, first: Side, second: Side) {
  const visitor = await loggedIn(sides, first);
  const before = await visitor.visit(first);
  const former = visitor.cookie();
  await visitor.visit(second, ["regenerate"]);
  return { before, after: await visitor.visit(first), withFormer: await opens(visitor, former) };
}

/** A login by one that the other ends. */
export async function logout(sides: Sides, first: Side, second: Side) {
  const visitor = await loggedIn(sides, first);
  const former = visitor.cookie();
  await visitor.visit(second, ["clear"]);
  const cookie = visitor.cookie();
  const { told } = await visitor.visit(first);
  return { cookie, seen: told, withFormer: await opens(visitor, former) };
}

/** Whether a copy of a cookie opens the login: at Flask, which does not refresh, and at Node. */
export async function opens(visitor: Visitor, cookie = ""): Promise<boolean[]> {
  if (cookie === "") throw new Error("there was no cookie to copy");
  const seen = [await visitor.visitWith(cookie, "calm"), await visitor.visitWith(cookie, "node")];
  return seen.map(({ told }) => isAda(told));
}
