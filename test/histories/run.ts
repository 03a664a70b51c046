/** Four processes that change a few sessions over a bad line, and what a judge says of what they saw. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { sessions } from "../../src/index.ts";
import { type Peer, peer } from "../../src/testing/internal/peer.ts";
import { type FaultProxy, startFaultProxy } from "../faults/proxy.ts";
import { PLACES } from "../proof/places.ts";
import { handlers } from "./handlers.ts";
import { isLinearizable } from "./linearizable.ts";
import { type LineageOperation, lineage } from "./lineage.ts";
import { type Notes, idOf, visit } from "./visitor.ts";

const PROCESSES = 4;
/** Requests that a process has under way at the same time. */
const AT_ONCE = 2;
const SESSIONS = 5;
/** Requests of each process: few enough that no session sees more than some 200 operations. */
const VISITS = 60;

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));

interface Plan {
  place: string;
  address: string;
  /** What each session is reached by at first. */
  cookies: string[];
  /** Whether replies may be lost. */
  faulty: boolean;
  seed: number;
}

/** What a process says: that it got another cookie for a session, that it made a request, or all that it saw. */
type Said = { slot: number; cookie: string } | { visited: true } | { seen: [slot: number, LineageOperation][] };

/** What came of a run. */
export interface Judged {
  operations: number;
  inDoubt: number;
  /** Histories that no serial order explains, with what it takes to see why. */
  bad: string[];
}

async function opened(place: string, address: string) {
  const found = PLACES[place];
  if (!found) throw new Error(`there is no place of the name ${place}`);
  const { store, close } = await found.open(address);
  const keys = { current: "k0-aVeryLongAndRandomKey_for-proofs-only_42" };
  return { visits: sessions<Record<string, unknown>>({ store, keys, storeTimeout: 5 }), close };
}

/** One run. */
export async function runHistories(place: string, address: string, seed: number): Promise<Judged> {
  const { visits, close } = await opened(place, address);
  const line = await lineTo(address);
  try {
    const cookies = await Promise.all(Array.from({ length: SESSIONS }, () => begin(visits)));
    const plan = { place, address: line?.address ?? address, cookies, faulty: line !== undefined };
    const histories = cookies.map((): LineageOperation[] => []);
    const known = cookies.map((cookie) => new Set([cookie]));
    await converse(plan, seed, line?.proxy, histories, known);
    for (const [slot, all] of known.entries())
      for (const cookie of all) await look(visits, cookie, histories[slot] ?? []);
    return judged(cookies, histories, seed);
  } finally {
    await line?.proxy.stop();
    await close();
  }
}

type Visits = Awaited<ReturnType<typeof opened>>["visits"];

async function begin(visits: Visits): Promise<string> {
  const session = await visits.open({ cookie: undefined, secure: false });
  session["user"] = "ada";
  const { headers } = await visits.save(session);
  return headers.find(([name]) => name === "Set-Cookie")?.[1].split(";")[0] ?? "";
}

async function look(visits: Visits, cookie: string, history: LineageOperation[]): Promise<void> {
  const notes = { now, note: (operation: LineageOperation) => void history.push(operation), faulty: true };
  await visit(visits, cookie, { deeds: [], end: "save" }, notes);
}

/** The same for all processes of a machine. */
function now(): number {
  return Number(process.hrtime.bigint());
}

/** A proxy before the engine, and the address that goes through it; none before a folder. */
async function lineTo(address: string): Promise<{ proxy: FaultProxy; address: string } | undefined> {
  const port = /(?<=:)\d+(?=\/|$)/.exec(address)?.[0];
  if (port === undefined) return undefined;
  const proxy = await startFaultProxy(Number(port));
  return { proxy, address: address.replace(`:${port}`, `:${proxy.port}`) };
}

/** Starts the processes, hands on what one tells the others, and breaks the line while they work. */
async function converse(
  plan: Omit<Plan, "seed">,
  seed: number,
  proxy: FaultProxy | undefined,
  histories: LineageOperation[][],
  known: Set<string>[],
): Promise<void> {
  const peers = Array.from({ length: PROCESSES }, (_, n) => {
    const args = ["--import", "tsx", WORKER, JSON.stringify({ ...plan, seed: seed + n })];
    return peer(spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] }));
  });
  for (const { hear } of peers) await hear();
  for (const { say } of peers) say("go");
  let visited = 0;
  await Promise.all(peers.map(listen));
  for (const { over } of peers) await over();

  async function listen(speaker: Peer): Promise<void> {
    for (;;) {
      const said = JSON.parse(await speaker.hear()) as Said;
      if ("visited" in said) trouble(proxy, ++visited);
      else if ("seen" in said) return said.seen.forEach(([slot, operation]) => histories[slot]?.push(operation));
      else {
        known[said.slot]?.add(said.cookie);
        for (const other of peers) if (other !== speaker) other.say(JSON.stringify(said));
      }
    }
  }
}

/** Every so many requests the line is slow, a reply is lost, or all connections break. */
function trouble(proxy: FaultProxy | undefined, visited: number): void {
  if (!proxy) return;
  if (visited % 7 === 0) proxy.faults.latency = visited % 3;
  if (visited % 10 === 3) proxy.faults.lostReplies++;
  if (visited % 40 === 20) proxy.cut();
}

function judged(cookies: readonly string[], histories: readonly LineageOperation[][], seed: number): Judged {
  const bad = histories.flatMap((history, slot) => {
    // An answer is always later than what it answers; in JSON there is no infinity.
    const whole = history.map((each) => ({ ...each, to: each.output === undefined ? Infinity : each.to }));
    if (isLinearizable(whole, lineage(idOf(cookies[slot] ?? ""), { user: "ada" }))) return [];
    return [`seed ${seed}: no order explains\n${history.map((each) => JSON.stringify(each)).join("\n")}`];
  });
  const all = histories.flat();
  return { operations: all.length, inDoubt: all.filter(({ output }) => output === undefined).length, bad };
}

/** The part of a process that was started. */
export async function takePart(text: string): Promise<void> {
  const { place, address, cookies, faulty, seed } = JSON.parse(text) as Plan;
  const { visits, close } = await opened(place, address);
  const lines = createInterface({ input: process.stdin });
  const say = (said: Said) => console.log(JSON.stringify(said));
  console.log("ready");
  await once(lines, "line");
  lines.on("line", (line) => {
    const { slot, cookie } = JSON.parse(line) as { slot: number; cookie: string };
    cookies[slot] = cookie;
  });
  const seen: [number, LineageOperation][] = [];
  const plans = fc.sample(fc.tuple(fc.nat({ max: SESSIONS - 1 }), handlers(50)), { numRuns: VISITS, seed });
  const visitor = async () => {
    for (let next = plans.pop(); next; next = plans.pop()) {
      const [slot, what] = next;
      const cookie = cookies[slot] ?? "";
      const notes: Notes = { now, note: (operation) => void seen.push([slot, operation]), faulty };
      const told = await visit(visits, cookie, what, notes);
      if (told !== undefined && told !== cookie) say({ slot, cookie: (cookies[slot] = told) });
      say({ visited: true });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, visitor));
  say({ seen });
  lines.close();
  await close();
}
