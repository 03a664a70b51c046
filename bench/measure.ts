/** What depends on the machine: CPU time and requests per second, always beside Express alone. */
import type { Child } from "./child.ts";
import { CONNECTIONS, load } from "./load.ts";
import { type Scenario, SCENARIOS } from "./scenarios.ts";
import { cookieFor, logIn } from "./visitors.ts";

/** Both as a multiple of what Express alone took in the same round. */
export interface Sample extends Cost {
  title: string;
  scenario: string;
}

interface Cost {
  /** The server's CPU time for one request. */
  cpu: number;
  /** Requests per second. */
  rate: number;
}

/** How much is measured. */
export interface Extent {
  /** Requests to each page of each contender before anything counts. */
  warmUp: number;
  /** Requests for each number of a round. */
  amount: number;
  rounds: number;
  /** No round begins after so many seconds. */
  seconds: number;
  /** The names of the scenarios. */
  timed: readonly string[];
}

/** A contender that runs, and the cookies of its visitors. */
interface Runner {
  child: Child;
  cookies: (string | undefined)[];
}

/** Measures all but the first child, which is Express alone, beside it. */
export async function measure(children: readonly Child[], extent: Extent): Promise<Sample[]> {
  const scenarios = SCENARIOS.filter(({ name }) => extent.timed.includes(name));
  const runners: Runner[] = [];
  for (const child of children) runners.push(await ready(child, scenarios, extent.warmUp));
  const [bare, ...rest] = runners as [Runner, ...Runner[]];
  const samples: Sample[] = [];
  const end = performance.now() + extent.seconds * 1000;
  for (let round = 0; round < extent.rounds && performance.now() < end; round++) {
    const first = round % rest.length;
    const order = [...rest.slice(first), ...rest.slice(0, first)];
    for (const scenario of scenarios) samples.push(...(await compare(bare, order, scenario, extent.amount)));
  }
  return samples;
}

/** Logs in the visitors, and has V8 see each page often enough to compile it. */
async function ready(child: Child, scenarios: readonly Scenario[], warmUp: number): Promise<Runner> {
  const cookies = await Promise.all(Array.from({ length: CONNECTIONS }, () => logIn(child)));
  for (const scenario of scenarios) await costOf({ child, cookies }, scenario, warmUp);
  return { child, cookies };
}

/** One scenario for each contender in turn, between two looks at Express alone. */
async function compare(bare: Runner, runners: Runner[], scenario: Scenario, amount: number): Promise<Sample[]> {
  const before = await costOf(bare, scenario, amount);
  const costs: (Cost & { title: string })[] = [];
  for (const runner of runners)
    costs.push({ title: runner.child.contender.title, ...(await costOf(runner, scenario, amount)) });
  const after = await costOf(bare, scenario, amount);
  const base = { cpu: (before.cpu + after.cpu) / 2, rate: (before.rate + after.rate) / 2 };
  return costs.map(({ title, cpu, rate }) => {
    return { title, scenario: scenario.name, cpu: cpu / base.cpu, rate: rate / base.rate };
  });
}

async function costOf({ child, cookies }: Runner, scenario: Scenario, amount: number): Promise<Cost> {
  const sent = cookies.map((valid) => cookieFor(scenario, valid));
  const before = await child.ask("cpu");
  const seconds = await load(child.url + scenario.path, sent, amount);
  const after = await child.ask("cpu");
  return { cpu: (after - before) / amount, rate: amount / seconds };
}
