import { setTimeout as pause } from "node:timers/promises";
import type { Browser } from "../../../src/testing/browser.ts";
import type { FaultProxy } from "../../faults/proxy.ts";
import type { Figure, Ground, Row } from "../figure.ts";
import { type Scene, type Timed, TIMEOUT, openScene } from "../outage.ts";
import { type Client, NETWORKED, clientsOf } from "../through.ts";

/** What happens to the engine. */
interface Fault {
  readonly title: string;
  /** Whether it is known that the engine answers nothing at all: then the breaker decides what it is asked. */
  readonly isSilent: boolean;
  begin(proxy: FaultProxy): void;
}

const FAULTS: readonly Fault[] = [
  {
    title: "refuses",
    isSilent: false,
    begin(proxy) {
      proxy.faults.refuses = true;
      proxy.cut();
    },
  },
  { title: "black hole", isSilent: true, begin: ({ faults }) => (faults.swallows = true) },
  { title: "frozen", isSilent: true, begin: ({ faults }) => (faults.freezes = true) },
];

/** As many calls without an answer open the breaker; so many visitors there are. */
const LIMIT = 5;
/** After so many milliseconds the breaker lets one call through. */
const PROBE = 500;
const PROBES = 3;
/** How often the visitors come back after the outage, and with what pause in milliseconds. */
const MOST_TRIES = 400;
const BETWEEN = 10;

/** The engine of a store fails while visitors come, and is back. */
export const outages: Figure = {
  goals: "G12",
  title: `an engine that fails: 503 in time (${TIMEOUT} s here), no cookie touched, and back by itself`,
  places: NETWORKED,
  times: { deep: 1000, short: 40 },
  columns: [
    "client",
    "engine",
    "requests",
    "503",
    "store calls",
    "p50 ms",
    "p99 ms",
    "tries until back",
    "ms",
    "sockets before",
    "after",
  ],
  async run(ground) {
    const rows: Row[] = [];
    for (const client of clientsOf(ground.place)) {
      for (const fault of FAULTS) rows.push(await rowOf(ground, client, fault));
    }
    return rows;
  },
};

async function rowOf(ground: Ground, client: Client, fault: Fault): Promise<Row> {
  const wrong: string[] = [];
  const unhandled = (error: unknown) => wrong.push(`nobody handled ${String(error)}`);
  process.on("unhandledRejection", unhandled);
  const scene = await openScene(ground.place, ground.address, client);
  try {
    const cells = await suffer(scene, fault, ground.times, wrong);
    const left = await scene.close();
    if (left > 0) wrong.push(`${left} sockets are left`);
    const told = [client[0], fault.title, ...cells];
    return wrong.length > 0
      ? { cells: told, failure: `${told.join(" ")}: ${[...new Set(wrong)].join("; ")}` }
      : { cells: told };
  } finally {
    await scene.stop();
    process.off("unhandledRejection", unhandled);
  }
}

async function suffer(scene: Scene, fault: Fault, times: number, wrong: string[]): Promise<number[]> {
  const tabs = Array.from({ length: LIMIT }, () => scene.newTab());
  for (const tab of tabs) await untilServed(scene, tab, "/login");
  const jars = tabs.map((tab) => tab.cookies());
  const before = await socketsOf(scene, tabs);
  const answers = await visitAll(scene, tabs, fault, times, wrong);
  await visitAnonymously(scene, tabs, fault, wrong);
  const { tries, took } = await recover(scene, tabs, answers.changes, wrong);
  if (tabs.some((tab, n) => tab.cookies() !== jars[n])) wrong.push("a cookie is another one");
  const after = await socketsOf(scene, tabs);
  const refused = answers.pages.filter(({ page }) => page.status === 503).length;
  const [p50, p99] = [0.5, 0.99].map((part) => percentile(answers.pages, part));
  return [answers.pages.length, refused, answers.calls, p50 ?? 0, p99 ?? 0, tries, took, before, after];
}

/** First those whose session was loaded when the outage began, then others, one by one. */
async function visitAll(scene: Scene, tabs: readonly Browser[], fault: Fault, times: number, wrong: string[]) {
  const { tries, letGo } = await scene.hold(tabs);
  scene.store.take();
  fault.begin(scene.proxy);
  const pages = await letGo();
  const saves = callsOf(scene);
  if (fault.isSilent && saves !== LIMIT) wrong.push("a save asked more than once in vain");
  for (let n = 0; n < times; n++) {
    if (n % Math.ceil(times / PROBES) === 0) scene.clock.advance(PROBE);
    pages.push(await scene.visit(tabs[n % LIMIT] as Browser, n % 2 === 0 ? "/read" : "/write"));
  }
  for (const { page } of pages) {
    if (page.status !== 503 || page.headers["retry-after"] !== "1") wrong.push(`answered ${page.status}, not 503`);
    if (page.setCookies.length > 0) wrong.push("a cookie was set during the outage");
  }
  const calls = callsOf(scene);
  if (fault.isSilent ? calls !== PROBES : calls > times) wrong.push(`the store was asked ${calls} times`);
  return { pages, calls, changes: tries };
}

function callsOf({ store }: Scene): number {
  return Object.values(store.take()).reduce((sum, count) => sum + count, 0);
}

/** Where `onStoreError` is `"anonymous"`: who reads is served as nobody, who writes is not served. */
async function visitAnonymously(scene: Scene, tabs: readonly Browser[], fault: Fault, wrong: string[]): Promise<void> {
  const reads = await Promise.all(tabs.map((tab) => scene.visitAnonymously(tab, "/read")));
  for (const tab of tabs) reads.push(await scene.visitAnonymously(tab, "/read"));
  const writes = await Promise.all(tabs.map((tab) => scene.visitAnonymously(tab, "/write")));
  if (reads.some(({ page }) => page.status !== 200 || page.text !== "nobody 0")) wrong.push("not served as nobody");
  if (writes.some(({ page }) => page.status !== 503)) wrong.push("a write of nobody's was not refused");
  if ([...reads, ...writes].some(({ page }) => page.setCookies.length > 0)) wrong.push("a cookie was set for nobody");
  if (fault.isSilent && callsOf(scene) !== LIMIT) wrong.push("the breaker did not spare an engine for nobodies");
}

/** Ends the outage, and visits until all are served again, as who they were. */
async function recover(scene: Scene, tabs: readonly Browser[], changes: number, wrong: string[]) {
  scene.proxy.heal();
  const start = performance.now();
  const [first, ...others] = tabs as [Browser, ...Browser[]];
  const { tries, text } = await untilServed(scene, first, "/read");
  const took = Math.round(performance.now() - start);
  const texts = [text];
  for (const tab of others) texts.push((await untilServed(scene, tab, "/read")).text);
  // A change whose request was answered with 503 may be made late, and not twice.
  const isWhole = (each: string) => each.startsWith("ada ") && Number(each.slice(4)) <= changes;
  if (!texts.every(isWhole)) wrong.push(`the visitors are ${texts.join(", ")}`);
  return { tries, took };
}

async function untilServed(scene: Scene, tab: Browser, path: string): Promise<{ tries: number; text: string }> {
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    scene.clock.advance(PROBE);
    const { page } = await scene.visit(tab, path);
    if (page.status === 200) return { tries, text: page.text };
    await pause(BETWEEN);
  }
  throw new Error(`not served after ${MOST_TRIES} tries`);
}

/** How many connections are open when all have come at once. */
async function socketsOf(scene: Scene, tabs: readonly Browser[]): Promise<number> {
  await Promise.all(tabs.map((tab) => untilServed(scene, tab, "/read")));
  return scene.proxy.connections;
}

function percentile(pages: readonly Timed[], part: number): number {
  const sorted = pages.map(({ took }) => took).toSorted((a, b) => a - b);
  return Math.round(10 * (sorted[Math.ceil(part * sorted.length) - 1] ?? 0)) / 10;
}
