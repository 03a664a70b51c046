/** Requests of one session at once, in every order that its store's promises can be kept in. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type SessionInterface, type Store, sessions } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { handlers } from "./handlers.ts";
import { type LineageOperation, lineage } from "./lineage.ts";
import { isLinearizable } from "./linearizable.ts";
import { type Handler, type Notes, idOf, visit } from "./visitor.ts";

/** A browser: which of two processes answers it, and what its handlers do, one after the other. */
interface Client {
  readonly process: number;
  readonly visits: readonly Handler[];
}

const client: fc.Arbitrary<Client> = fc.record({
  process: fc.nat({ max: 1 }),
  visits: fc.array(handlers(5), { minLength: 1, maxLength: 2 }),
});
const clients = fc.array(client, { minLength: 2, maxLength: 4 });
/** Which call of the store loses its reply, if any, and whether it was made. */
const loss = fc.option(fc.record({ call: fc.integer({ min: 1, max: 12 }), applied: fc.boolean() }), { freq: 3 });

type Loss = { readonly call: number; readonly applied: boolean } | null;

/** So many schedules; gives what is needed to see a bad one again. */
export async function interleave(times: number, seed: number): Promise<{ schedules: number; failure?: string }> {
  const store = memoryStore();
  const property = fc.asyncProperty(fc.scheduler(), clients, loss, (scheduler, all, lost) =>
    withoutTimers(scheduler, () => holds(scheduler, store, all, lost)),
  );
  const details = await fc.check(property, { numRuns: times, seed, includeErrorInReport: true });
  const failure = details.failed ? ((await fc.asyncDefaultReportMessage(details)) ?? "failed") : undefined;
  return { schedules: details.numRuns, ...(failure !== undefined && { failure }) };
}

async function holds(scheduler: fc.Scheduler, memory: Store, all: readonly Client[], lost: Loss): Promise<void> {
  const first = await opened(memory).open({ cookie: undefined, secure: false });
  first["user"] = "ada";
  const { headers } = await opened(memory).save(first);
  const cookie = headers.find(([name]) => name === "Set-Cookie")?.[1].split(";")[0] ?? "";
  const store = scheduled(scheduler, memory, lost);
  const processes = [opened(store), opened(store)];
  const [history, cookies] = [[] as LineageOperation[], new Set([cookie])];
  let time = 0;
  const notes: Notes = { now: () => ++time, note: (operation) => void history.push(operation), faulty: lost !== null };
  const browse = async ({ process, visits }: Client) => {
    let own: string | undefined = cookie;
    for (const each of visits) {
      own = own && (await visit(processes[process] as Sessions, own, each, notes));
      if (own !== undefined) cookies.add(own);
    }
  };
  await scheduler.waitFor(Promise.all(all.map(browse)));
  for (const own of cookies) await visit(opened(memory), own, { deeds: [], end: "save" }, notes);
  const told = () => history.map((operation) => JSON.stringify(operation)).join("\n");
  assert.ok(
    isLinearizable(history, lineage(idOf(cookie), { user: "ada" })),
    `no order of these explains them:\n${told()}`,
  );
}

type Sessions = SessionInterface<Record<string, unknown>>;

function opened(store: Store): Sessions {
  return sessions({ store, keys: { current: "k0-aVeryLongAndRandomKey_for-tests-only_42" }, storeTimeout: 1000 });
}

/** A store whose calls come to it, and whose answers come back, when the schedule says so. */
function scheduled(scheduler: fc.Scheduler, store: Store, lost: Loss): Store {
  let calls = 0;
  const run = async <Answer>(verb: string, ask: () => Promise<Answer>) => {
    const isLost = ++calls === lost?.call;
    await scheduler.schedule(Promise.resolve(), `asks to ${verb}`);
    if (isLost && !lost.applied) throw new Error("ECONNRESET");
    const answer = await ask();
    await scheduler.schedule(Promise.resolve(), `is answered to ${verb}`);
    if (isLost) throw new Error("ECONNRESET");
    return answer;
  };
  return {
    create: (key, entry) => run("create", () => store.create(key, entry)),
    read: (key) => run("read", () => store.read(key)),
    update: (key, change) => run("update", () => store.update(key, change)),
    delete: (key) => run("delete", () => store.delete(key)),
  };
}

/** Timers fire when the schedule says so, or the same seed would not be the same run; time limits never do. */
async function withoutTimers(scheduler: fc.Scheduler, run: () => Promise<void>): Promise<void> {
  const original = globalThis.setTimeout;
  const fake = (fire: () => void, ms: number) => {
    if (ms < 1000) void scheduler.schedule(Promise.resolve(), "a timer").then(fire);
  };
  globalThis.setTimeout = fake as unknown as typeof setTimeout;
  try {
    await run();
  } finally {
    globalThis.setTimeout = original;
  }
}
