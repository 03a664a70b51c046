import { once } from "node:events";
import { type SessionInterface, type Store, type Verb, sessions } from "../../../src/index.ts";
import { memoryStore } from "../../../src/stores/memory.ts";
import { browser } from "../../../src/testing/browser.ts";
import {
  type KitData,
  type RawVisit,
  countingStore,
  deferred,
  rawVisit,
} from "../../../src/testing/internal/adapter-stage.ts";
import type { Figure, Ground, Row } from "../figure.ts";
import { type Action, HOSTS, type Host, type Stage, stagesOf } from "../hosts.ts";

/** What every adapter promises of the bytes that leave: none before the save, and none of a success after a failed one. */
export const responses: Figure = {
  goals: "G10 G11",
  title: "no byte before the save, and no success after a save that failed",
  places: [],
  times: { deep: 1000, short: 96 },
  columns: [
    "adapter",
    "responses",
    "with a byte before the save",
    "failed saves",
    "answered with 2xx, 3xx or a cookie",
  ],
  async run(ground) {
    const rows: Row[] = [];
    for (const [name, host] of Object.entries(HOSTS)) rows.push(await rowOf(ground, name, host));
    return rows;
  },
};

async function rowOf({ times }: Ground, name: string, host: Host): Promise<Row> {
  const wrong: string[] = [];
  const stages = stagesOf(host);
  const share = Math.ceil(times / stages.length);
  let [held, early, failed, successes] = [0, 0, 0, 0];
  for (const stage of stages) {
    const before = await holdAll(stage, share, wrong);
    held += before.held;
    early += before.early;
    const after = await failAll(stage, share, wrong);
    failed += after.failed;
    successes += after.successes;
  }
  const cells = [name, held, early, failed, successes];
  const isReached = early === 0 && successes === 0 && wrong.length === 0;
  return isReached ? { cells } : { cells, failure: `${cells.join(" ")}: ${[...new Set(wrong)].join("; ")}` };
}

const KEYS = { current: "k0-aVeryLongAndRandomKey_for-proofs-only_42" };

function visitsOver(store: Store, onConflict: "mine" | "error" = "mine"): SessionInterface<KitData> {
  return sessions<KitData>({ store, keys: KEYS, onConflict, storeTimeout: 60 });
}

const ACTIONS: Readonly<Record<string, Action>> = {
  assign: (_name, session) => (session["theme"] = "dark"),
  update: (_name, session) => session.update("n", (n) => Number(n ?? 0) + 1),
  regenerate: (_name, session) => session.regenerate(),
  destroy: (_name, session) => session.destroy(),
};

const act: Action = (name, session) => ACTIONS[name]?.(name, session);

/** The cookie of a session that is there already. */
async function cookieOf(visits: SessionInterface<KitData>): Promise<string> {
  const session = await visits.open({ cookie: undefined, secure: false });
  session["user"] = "ada";
  const { headers } = await visits.save(session);
  return headers.find(([field]) => field === "Set-Cookie")?.[1].split(";")[0] ?? "";
}

/** So many responses wait at the same time. */
const AT_ONCE = 16;

/** Every way to answer, of new sessions and of others, while the store holds back its answer. */
async function holdAll(stage: Stage, times: number, wrong: string[]): Promise<{ held: number; early: number }> {
  const inner = memoryStore();
  const gate = new Gate();
  const { url, close } = await stage.start(visitsOver(countingStore(inner, (verb) => gate.pass(verb))), act);
  const plans = plansOf(stage, times);
  let early = 0;
  try {
    for (let start = 0; start < plans.length; start += AT_ONCE) {
      const wave = plans.slice(start, start + AT_ONCE);
      const allHeld = gate.close(wave.length);
      let isHeld = true;
      const raws = await Promise.all(
        wave.map(async ({ path, method, isNew }) => {
          const cookie = isNew ? undefined : await cookieOf(visitsOver(inner));
          const raw = await rawVisit(url, path, { method, cookie });
          void sightOf(raw).then(() => isHeld && gate.count());
          return raw;
        }),
      );
      await allHeld;
      // What had left would have arrived before a whole other visit.
      await browser(url).visit("/plain");
      early += raws.filter(({ received }) => withoutHints(received()) !== "").length;
      isHeld = false;
      gate.open();
      for (const [n, { end, received }] of raws.entries()) {
        await end;
        check(wave[n] as Plan, withoutHints(received()), wrong);
      }
    }
  } finally {
    gate.open();
    await close();
  }
  return { held: plans.length, early };
}

/** Resolves when something of an answer has come, or its connection is over. */
async function sightOf({ socket, end, received }: RawVisit): Promise<void> {
  const over = end.then(() => true);
  for (let isOver = false; !isOver && withoutHints(received()) === "";) {
    isOver = await Promise.race([
      over,
      once(socket, "data").then(
        () => false,
        () => true,
      ),
    ]);
  }
}

interface Plan {
  readonly path: string;
  readonly action: string;
  readonly method: string;
  readonly status: number;
  readonly body: string | undefined;
  readonly isNew: boolean;
}

/** So many requests: each way with each action in turn. */
function plansOf({ ways }: Stage, times: number): Plan[] {
  const names = Object.keys(ways);
  const actions = Object.keys(ACTIONS);
  return Array.from({ length: times }, (_, n) => {
    const [way = "", action = ""] = [names[n % names.length], actions[Math.floor(n / names.length) % actions.length]];
    const { method = "GET", status = 200, body } = ways[way] ?? {};
    // Only these make a session of nothing.
    const isNew = (action === "assign" || action === "update") && Math.floor(n / names.length) % 8 < 4;
    return { path: `/${encodeURIComponent(way)}/${action}`, action, method, status, body, isNew };
  });
}

/** What came after the save: the whole answer, and the cookie where there is a new one. */
function check({ path, action, status, body, isNew }: Plan, received: string, wrong: string[]): void {
  const cut = received.indexOf("\r\n\r\n");
  const head = received.slice(0, cut);
  const hasCookie = /^set-cookie: sid=/im.test(head);
  if (!head.startsWith(`HTTP/1.1 ${status} `)) wrong.push(`${path}: ${head.slice(0, 20)}`);
  if (hasCookie !== (isNew || action === "regenerate" || action === "destroy"))
    wrong.push(`${path}: cookie ${hasCookie}`);
  const text = bodyOf(head, received.slice(cut + 4));
  if (body !== undefined && text !== body) wrong.push(`${path}: ${text}`);
}

/** Pieces are a line each here. */
function bodyOf(head: string, text: string): string {
  const isChunked = /^transfer-encoding: chunked/im.test(head);
  return isChunked ? text.replaceAll(/[0-9a-f]+\r\n(.*?)\r\n/g, "$1") : text;
}

/** Early hints are no response yet. */
function withoutHints(received: string): string {
  return received.replace(/^HTTP\/1\.1 103 [\s\S]*?\r\n\r\n/, "");
}

/** Where what a store is asked to write waits. */
class Gate {
  #gate = deferred();
  #all = deferred();
  #left = 0;

  constructor() {
    this.#gate.resolve();
  }

  /** Resolves once so many wait; who did not wait at all is to be counted as well. */
  close(count: number): Promise<void> {
    [this.#gate, this.#all, this.#left] = [deferred(), deferred(), count];
    return this.#all.promise;
  }

  open(): void {
    this.#gate.resolve();
  }

  count(): void {
    if (--this.#left === 0) this.#all.resolve();
  }

  async pass(verb: Verb): Promise<void> {
    if (verb === "read") return;
    this.count();
    await this.#gate.promise;
  }
}

/** A failure of the save, and what it is answered with. */
interface Failure {
  readonly action: string;
  readonly status: number;
  readonly isNew: boolean;
  /** Happens in the store before what the handler's request writes there. */
  before(verb: Verb, rival: () => Promise<unknown>, end: () => Promise<unknown>): unknown;
}

const DOWN = new Error("the store is down, on purpose");

const FAILURES: Readonly<Record<string, Failure>> = {
  "rejects a new session": { action: "assign", status: 503, isNew: true, before: () => Promise.reject(DOWN) },
  "rejects a change": { action: "assign", status: 503, isNew: false, before: () => Promise.reject(DOWN) },
  "rejects a logout": { action: "destroy", status: 503, isNew: false, before: () => Promise.reject(DOWN) },
  "rejects a login": { action: "regenerate", status: 503, isNew: false, before: () => Promise.reject(DOWN) },
  conflict: { action: "assign", status: 409, isNew: false, before: (_verb, rival) => rival() },
  "in doubt": {
    action: "update",
    status: 503,
    isNew: false,
    async before(_verb, rival) {
      await rival();
      throw DOWN;
    },
  },
  "gone at login": {
    action: "regenerate",
    status: 409,
    isNew: false,
    before: (verb, _rival, end) => verb === "update" && end(),
  },
};

/** Every way to answer, with each failure in turn. */
async function failAll(stage: Stage, times: number, wrong: string[]): Promise<{ failed: number; successes: number }> {
  const inner = memoryStore();
  const rivals = visitsOver(inner);
  let [failure, cookie, n, successes]: [Failure | undefined, string, number, number] = [undefined, "", 0, 0];
  const change = async (make: (session: Awaited<ReturnType<typeof rivals.open>>) => unknown) => {
    const session = await rivals.open({ cookie, secure: false });
    make(session);
    await rivals.save(session);
  };
  const rival = () => change((session) => Object.assign(session, { theme: `light ${++n}`, n: ++n }));
  const end = () => change((session) => session.destroy());
  const store = countingStore(inner, (verb) => verb !== "read" && failure?.before(verb, rival, end));
  const { url, close } = await stage.start(visitsOver(store, "error"), act);
  const failures = Object.entries(FAILURES);
  const ways = Object.entries(stage.ways);
  try {
    for (let visit = 0; visit < times; visit++) {
      const [title, next] = failures[visit % failures.length] as [string, Failure];
      const [way, { method }] = ways[Math.floor(visit / failures.length) % ways.length] as (typeof ways)[number];
      [failure, cookie] = [next, await cookieOf(rivals)];
      const given = { ...(method !== undefined && { method }), cookie: next.isNew ? undefined : cookie };
      const raw = await rawVisit(url, `/${encodeURIComponent(way)}/${next.action}`, given);
      await raw.end;
      const received = withoutHints(raw.received());
      if (/^HTTP\/1\.1 [23]/.test(received) || /^set-cookie:/im.test(received)) successes++;
      const isSaid = received.startsWith(`HTTP/1.1 ${next.status} `) && /^cache-control: no-store/im.test(received);
      const isWaited = next.status !== 503 || /^retry-after: 1\r/im.test(received);
      if (!isSaid || !isWaited) wrong.push(`${way}, ${title}: ${received.split("\r\n", 1).join("")}`);
    }
  } finally {
    await close();
  }
  return { failed: times, successes };
}
