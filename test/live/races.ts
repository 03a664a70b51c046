/** A request that one side holds open while the other serves. */
import { expect } from "vitest";
import type { Gate } from "../peers/gate.ts";
import type { Act, Seen } from "./acts.ts";
import type { Side, Sides, Visitor } from "./sides.ts";
import { expectDead, loggedIn } from "./walks.ts";

/** Lets `meanwhile` happen between the load and the save of one request. */
async function around(gate: Gate, visitor: Visitor, side: Side, acts: Act[], meanwhile: () => Promise<unknown>) {
  const tickets = gate.tickets(1);
  const held = visitor.visit(side, ["wait", `${gate.url}/${tickets[0]}`], ...acts);
  await gate.holds(tickets);
  await meanwhile();
  gate.letGo(tickets[0] ?? "");
  return held;
}

const set = (key: string): Act => ["set", key, true];

async function keysOf(visitor: Visitor): Promise<string[]> {
  const [node, flask] = [await visitor.visit("node"), await visitor.visit("calm")];
  expect(node).toEqual(flask);
  return ["a", "b", "c"].filter((key) => has(node, key));
}

function has({ told }: Seen, key: string): boolean {
  return told.includes(`"${key}": true`);
}

/** Two requests of Node keep each other's keys, whatever Flask writes between them. */
export async function nodeBesideNode(sides: Sides, gate: Gate): Promise<void> {
  const visitor = await loggedIn(sides, "flask");
  await around(gate, visitor, "node", [set("a")], async () => {
    await visitor.visit("flask");
    await visitor.visit("node", set("b"));
    await visitor.visit("flask");
  });
  expect(await keysOf(visitor)).toEqual(["a", "b"]);
}

/** What Flask wrote since Node read is merged with what Node writes. */
export async function nodeAfterFlask(sides: Sides, gate: Gate): Promise<void> {
  const visitor = await loggedIn(sides, "node");
  await around(gate, visitor, "node", [set("a")], () => visitor.visit("flask", set("c")));
  expect(await keysOf(visitor)).toEqual(["a", "c"]);
}

/** A request of Flask that only reads: what is left of a key that Node set meanwhile. */
export async function nodeBeforeReader(sides: Sides, gate: Gate, reader: Side): Promise<string[]> {
  const visitor = await loggedIn(sides, "node");
  await around(gate, visitor, reader, [], () => visitor.visit("node", set("b")));
  return keysOf(visitor);
}

/** The same with a logout by Node: whether the former cookie opens the session again. */
export async function isRevivedBy(sides: Sides, gate: Gate, reader: Side): Promise<boolean> {
  const visitor = await loggedIn(sides, "node");
  const former = visitor.cookie() ?? "";
  await around(gate, visitor, reader, [], () => visitor.visit("node", ["clear"]));
  return (await visitor.visitWith(former, "node")).told.includes("ada");
}

/** A request of Node that writes does not bring back whom Flask has logged out meanwhile. */
export async function nodeAfterLogout(sides: Sides, gate: Gate): Promise<void> {
  const visitor = await loggedIn(sides, "node");
  const former = visitor.cookie() ?? "";
  await around(gate, visitor, "node", [set("a")], () => visitor.visit("flask", ["clear"]));
  await expectDead(visitor, former);
}
