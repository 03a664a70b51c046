/** A request that one side holds open while the other serves. */
import type { Gate } from "../peers/gate.ts";
import type { Act } from "./acts.ts";
import type { Side, Sides, Visitor } from "./sides.ts";
import { loggedIn, opens } from "./walks.ts";

const set = (key: string): Act => ["set", key, true];

/** Lets `meanwhile` happen between the load and the save of one request. */
async function around(gate: Gate, visitor: Visitor, side: Side, acts: Act[], meanwhile: () => Promise<unknown>) {
  const tickets = gate.tickets(1);
  const held = visitor.visit(side, ["wait", `${gate.url}/${tickets[0]}`], ...acts);
  await gate.holds(tickets);
  await meanwhile();
  gate.letGo(tickets[0] ?? "");
  await held;
}

/** Which of the keys are there, for both. */
async function keysOf(visitor: Visitor): Promise<string[]> {
  const [node, flask] = [await visitor.visit("node"), await visitor.visit("calm")];
  if (node.told !== flask.told) throw new Error(`Node sees ${node.told}, and Flask ${flask.told}`);
  return ["a", "b", "c"].filter((key) => node.told.includes(`"${key}": true`));
}

/** A request of Node that sets `a`; meanwhile another sets `b`, and Flask refreshes before and after that. */
export async function nodeWritesBesideNode(sides: Sides, gate: Gate): Promise<string[]> {
  const visitor = await loggedIn(sides, "flask");
  await around(gate, visitor, "node", [set("a")], async () => {
    await visitor.visit("flask");
    await visitor.visit("node", set("b"));
    await visitor.visit("flask");
  });
  return keysOf(visitor);
}

/** A request of Node that sets `a`, while Flask sets `c`. */
export async function flaskWrites(sides: Sides, gate: Gate): Promise<string[]> {
  const visitor = await loggedIn(sides, "node");
  await around(gate, visitor, "node", [set("a")], () => visitor.visit("flask", set("c")));
  return keysOf(visitor);
}

/** A request of Node that sets `a`, while Flask logs out: who can still open the session. */
export async function flaskLogsOut(sides: Sides, gate: Gate): Promise<boolean[]> {
  const visitor = await loggedIn(sides, "node");
  const former = visitor.cookie();
  await around(gate, visitor, "node", [set("a")], () => visitor.visit("flask", ["clear"]));
  return opens(visitor, former);
}

/** What a request of Flask does beside waiting: nothing, or a change of its own. */
export const READS: Act[] = [];
export const WRITES: Act[] = [set("c")];

/** A request of Flask, while Node sets `b`. */
export async function nodeWrites(sides: Sides, gate: Gate, flask: Side, acts: Act[]): Promise<string[]> {
  const visitor = await loggedIn(sides, "node");
  await around(gate, visitor, flask, acts, () => visitor.visit("node", set("b")));
  return keysOf(visitor);
}

/** A request of Flask, while Node logs out: who can still open the session. */
export async function nodeLogsOut(sides: Sides, gate: Gate, flask: Side, acts: Act[]): Promise<boolean[]> {
  const visitor = await loggedIn(sides, "node");
  const former = visitor.cookie();
  await around(gate, visitor, flask, acts, () => visitor.visit("node", ["clear"]));
  return opens(visitor, former);
}
