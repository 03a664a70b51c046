/** One session that four processes change at once: what is left of it afterwards. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Session, SessionError, sessions } from "../../src/index.ts";
import { ask, peer } from "../../src/testing/internal/peer.ts";
import { PLACES } from "./places.ts";

const PROCESSES = 4;
/** Requests that a process has under way at the same time. */
const AT_ONCE = 8;

const WORKER = fileURLToPath(new URL("race-worker.ts", import.meta.url));

/** `keys`: each request sets one of its own. `count`: each adds one to the same number. */
export type Kind = "keys" | "count";

interface Plan {
  place: string;
  address: string;
  kind: Kind;
  cookie: string;
  /** What the keys of this process begin with. */
  name: string;
  times: number;
}

/** What became of the changes. */
export interface Outcome {
  /** Answered with success. */
  acknowledged: number;
  /** Answered with `CONFLICT`, and asked again. */
  refused: number;
  /** Found in the session afterwards. */
  found: number;
  /** In how many writes of the store the changes took part, all together, and the one that took the most. */
  tries: number;
  mostTries: number;
}

type Data = Record<string, unknown>;

const opened = async (place: string, address: string) => {
  const found = PLACES[place];
  if (!found) throw new Error(`there is no place of the name ${place}`);
  const { store, close } = await found.open(address);
  const keys = { current: "k0-aVeryLongAndRandomKey_for-proofs-only_42" };
  return { visits: sessions<Data>({ store, keys, storeTimeout: 30 }), close };
};

const requestWith = (cookie: string | undefined) => ({ cookie, secure: false });

/** Lets four processes make `total` changes of one session, and looks what is left. */
export async function race(place: string, address: string, kind: Kind, total: number): Promise<Outcome> {
  const { visits, close } = await opened(place, address);
  try {
    const first = await visits.open(requestWith(undefined));
    first["owner"] = "ada";
    const { headers } = await visits.save(first);
    const cookie = headers.find(([name]) => name === "Set-Cookie")?.[1].split(";")[0] ?? "";
    const times = total / PROCESSES;
    const plans = Array.from({ length: PROCESSES }, (_, n): Plan => {
      return { place, address, kind, cookie, name: `p${n}-`, times };
    });
    const outcomes = await Promise.all((await started(plans)).map(({ finish }) => finish()));
    const session = await visits.open(requestWith(cookie));
    const found = kind === "count" ? Number(session["count"]) : Object.keys(session).length - 1;
    return {
      acknowledged: sum(outcomes, "acknowledged"),
      refused: sum(outcomes, "refused"),
      found,
      tries: sum(outcomes, "tries"),
      mostTries: Math.max(...outcomes.map((told) => told.mostTries)),
    };
  } finally {
    await close();
  }
}

type Told = Omit<Outcome, "found">;

/** Starts the processes, and lets them go when the last one is ready. */
async function started(plans: readonly Plan[]): Promise<{ finish(): Promise<Told> }[]> {
  const processes = plans.map((plan) => {
    const args = ["--import", "tsx", WORKER, JSON.stringify(plan)];
    return peer(spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] }));
  });
  for (const { hear } of processes) await hear();
  for (const { say } of processes) say("go");
  return processes.map(({ hear, over }) => ({
    async finish() {
      const told = JSON.parse(await hear()) as Told;
      await over();
      return told;
    },
  }));
}

function sum(outcomes: readonly Told[], what: keyof Told): number {
  return outcomes.reduce((total, outcome) => total + outcome[what], 0);
}

/** The part of a process that was started: `times` requests, some at once, each a change of its own. */
export async function takePart(text: string): Promise<void> {
  const { place, address, kind, cookie, name, times } = JSON.parse(text) as Plan;
  const { visits, close } = await opened(place, address);
  const told: Told = { acknowledged: 0, refused: 0, tries: 0, mostTries: 0 };
  let begun = 0;
  const act = (session: Session<Data>, n: number) => {
    if (kind === "keys") session[`${name}${n}`] = 1;
    else session.update("count", (count) => Number(count ?? 0) + 1);
  };
  const visitor = async () => {
    while (begun < times) {
      const n = begun++;
      while (!(await isSaved(n))) told.refused++;
    }
  };
  /** Whether a request was not refused for the sake of others, which were first 16 times: its visitor asks again then. */
  const isSaved = async (n: number) => {
    const session = await visits.open(requestWith(cookie));
    act(session, n);
    try {
      const { result, tries } = await visits.save(session);
      if (result === "saved" || result === "merged") told.acknowledged++;
      told.tries += tries;
      told.mostTries = Math.max(told.mostTries, tries);
      return true;
    } catch (error) {
      if (error instanceof SessionError && error.code === "CONFLICT") return false;
      throw error;
    }
  };
  await ask("ready");
  await Promise.all(Array.from({ length: AT_ONCE }, visitor));
  console.log(JSON.stringify(told));
  await close();
}
