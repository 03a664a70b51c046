/** What does not depend on the machine: store commands, cookies and lost updates, each counted. */
import type { Child } from "./child.ts";
import { type Scenario, SCENARIOS } from "./scenarios.ts";
import { cookieFor, logIn, visit } from "./visitors.ts";

/** Tells what the store was asked since the last time. */
export type Asked = () => Promise<string[]>;

/** What one request of a scenario did. */
export interface Count {
  /** `get set×2`, or `-` for none. */
  commands: string;
  /** How many `Set-Cookie` lines came back. */
  cookies: string;
}

/** What became of parallel updates, of all bursts together. */
export interface Burst {
  updates: number;
  lost: number;
  /** What the store was asked for each update. */
  commands: number;
}

/** All that was counted of a contender. */
export interface Tally {
  title: string;
  counts: Count[];
  burst: Burst;
}

/** How much is counted. */
export interface Sizes {
  /** Requests of each scenario. */
  requests: number;
  bursts: number;
}

/** How many requests of one session come at once in S7. */
const AT_ONCE = 16;

export async function tally(child: Child, asked: Asked, { requests, bursts }: Sizes): Promise<Tally> {
  const counts: Count[] = [];
  for (const scenario of SCENARIOS) counts.push(await countOf(child, asked, scenario, requests));
  return { title: child.contender.title, counts, burst: await burst(child, asked, bursts) };
}

/** One request goes ahead uncounted, because a script's text travels with the first call of it. */
async function countOf(child: Child, asked: Asked, scenario: Scenario, requests: number): Promise<Count> {
  const commands = new Set<string>();
  const cookies = new Set<number>();
  for (let request = 0; request <= requests; request++) {
    const cookie = cookieFor(scenario, await logIn(child));
    await asked();
    const { setCookie } = await visit(child, scenario.path, cookie);
    const calls = await asked();
    if (request === 0) continue;
    cookies.add(setCookie.length);
    commands.add(named(calls));
  }
  return { commands: [...commands].join(" or "), cookies: [...cookies].join(" or ") };
}

/** Each name once, in the order of their first calls. */
function named(calls: readonly string[]): string {
  const times = new Map<string, number>();
  for (const name of calls) times.set(name, (times.get(name) ?? 0) + 1);
  return [...times].map(([name, count]) => (count > 1 ? `${name}×${count}` : name)).join(" ") || "-";
}

/** Parallel requests each set a key of their own in one session; then it is seen which of them are there. */
async function burst(child: Child, asked: Asked, bursts: number): Promise<Burst> {
  const updates = bursts * AT_ONCE;
  let kept = 0;
  let commands = 0;
  for (let at = 0; at < bursts; at++) {
    const cookie = await logIn(child);
    await asked();
    await Promise.all(Array.from({ length: AT_ONCE }, (_, key) => visit(child, `/set/${key}`, cookie)));
    commands += (await asked()).length;
    kept += Number((await visit(child, "/keys", cookie)).body);
  }
  return { updates, lost: updates - kept, commands: commands / updates };
}
