/** A step, again and again, in which every system call fails in its turn; and what is found after each. */
import type { ChildProcess } from "node:child_process";
import { isDeepStrictEqual } from "node:util";
import { bytes } from "../../../src/testing/internal/stage.ts";
import { type Peer, peer } from "../../../src/testing/internal/peer.ts";
import { startWorker } from "./bundle.ts";
import { type DiskName, DISKS, type DiskStore, newHome } from "./disks.ts";
import { liveIn } from "./judge.ts";
import { type Order, type Outcome, type StepName, stepOf, type StepPlan, textAt } from "./steps.ts";
import { type Fault, traced } from "./tracer.ts";
import { soon } from "./writers.ts";

export const ERRORS = ["EIO", "ENOSPC", "EMFILE", "EACCES"] as const;

/** What was counted for a step. */
export interface FaultCounts {
  faults: number;
  /** Rejected, and as it was. */
  old: number;
  /** Rejected, and done. */
  new: number;
  /** Done for all that. */
  done: number;
  /** Times that something was left, before a sweep. */
  littered: number;
}

/** A process that takes steps, and a store in this one that looks on. */
interface Scene {
  readonly disk: DiskName;
  readonly folder: string;
  readonly strace: string;
  readonly store: DiskStore;
  readonly step: StepName;
  readonly counts: FaultCounts;
  worker: Worker;
  number: number;
}

/** What no kernel refuses: to give back a lock of a file. A process that cannot keeps it for as long as it lives. */
const UNLOCK = "F_UNLCK";

type Worker = Peer & { readonly child: ChildProcess };

/** Lets every system call of a step that touches the store's files fail, with so many of the errors. */
export async function failEverywhere(
  { disk, parent, strace }: { disk: DiskName; parent: string; strace: string },
  step: StepName,
  errors: number,
): Promise<{ counts: FaultCounts; flaws: string[] }> {
  const folder = await newHome(disk, parent);
  const { store, close } = await DISKS[disk].open(folder);
  const counts: FaultCounts = { faults: 0, old: 0, new: 0, done: 0, littered: 0 };
  const scene: Scene = { disk, folder, strace, store, step, counts, worker: start(disk, folder), number: 0 };
  try {
    const flaws: string[] = [];
    for (const [call, lines] of await callsOf(scene)) {
      for (let n = 0; n < errors; n++) flaws.push(...(await failEach(scene, { call, lines, n, errors })));
    }
    return { counts, flaws };
  } finally {
    scene.worker.child.kill("SIGKILL");
    await close();
  }
}

/** The calls of a name, as they are without a fault, and with which of so many errors they are to fail. */
interface Calls {
  readonly call: string;
  readonly lines: readonly string[];
  readonly n: number;
  readonly errors: number;
}

/** Fails the first call of a name, the second one, and so on, until the step passes. */
async function failEach(scene: Scene, { call, lines, n, errors }: Calls): Promise<string[]> {
  const flaws: string[] = [];
  for (let nth = 1; ; nth++) {
    if (lines[nth - 1]?.includes(UNLOCK) === true) continue;
    // With fewer errors than there are, each call gets another one.
    const error = ERRORS[(errors < ERRORS.length ? scene.counts.faults : n) % ERRORS.length] ?? "";
    const found = await fail(scene, { call, nth, error });
    if (!found) return flaws;
    flaws.push(...found.map((flaw) => `${scene.disk}, ${scene.step}, ${call} no. ${nth}, ${error}: ${flaw}`));
  }
}

/** Lets one call fail, and tells what is wrong then. Nothing, when the step has fewer such calls. */
async function fail(scene: Scene, fault: Fault): Promise<string[] | undefined> {
  for (;;) {
    const { key, lines, outcome } = await watched(scene, fault);
    const hit = lines.find((line) => line.includes("(INJECTED)"));
    if (hit?.includes(scene.folder) === false) {
      // A call of the runtime's own, such as one that wakes another thread: it was not the store's turn.
      await startAnew(scene, key);
      continue;
    }
    if (!outcome) return ["the process has ended"];
    const flaws = hit === undefined ? [] : await judge(scene, key, outcome);
    flaws.push(...(await recover(scene, key)));
    return hit === undefined && flaws.length === 0 ? undefined : flaws;
  }
}

/** The process may not survive what has failed there. */
async function startAnew(scene: Scene, key: string): Promise<void> {
  scene.worker.child.kill("SIGKILL");
  await scene.worker.over().catch(() => undefined);
  scene.worker = start(scene.disk, scene.folder);
  await told(scene, "read", key);
}

/** The system calls of a step, by their names, as far as they are made on files of the store. */
async function callsOf(scene: Scene): Promise<Map<string, string[]>> {
  // Once before, for what is only done at the first time.
  await told(scene, scene.step, await setUp(scene));
  const { key, lines } = await watched(scene);
  await recover(scene, key);
  const { spared = [] } = DISKS[scene.disk];
  const calls = new Map<string, string[]>();
  for (const line of lines) {
    const call = /^\w+(?=\()/.exec(line)?.[0];
    if (call !== undefined && !spared.includes(call)) calls.set(call, [...(calls.get(call) ?? []), line]);
  }
  return new Map([...calls].filter(([, made]) => made.some((line) => line.includes(scene.folder))));
}

/** Lets the step be taken under the eyes of `strace`. There is no outcome when the process did not survive. */
async function watched(scene: Scene, fault?: Fault) {
  const key = await setUp(scene);
  order(scene.worker, { step: scene.step, key, stops: true });
  const lines = await traced(scene.worker.child, scene.strace, fault);
  return { key, lines, outcome: await heard(scene.worker).catch(() => undefined) };
}

/** Puts there what the step begins with, for a sweep also what it is to remove. */
async function setUp(scene: Scene): Promise<string> {
  const { disk, folder, store, step } = scene;
  const { before } = stepOf(step);
  // A sweep looks everywhere, so it has to find the same every time; the others find folders that are not there yet.
  const key = step === "sweep" ? "key" : `key ${scene.number++}`;
  if (before !== undefined) await store.create(key, { value: bytes(before), expiresAt: soon() });
  if (step !== "sweep") return key;
  const { litter } = DISKS[disk];
  litter?.(folder, key);
  const late = await DISKS[disk].open(folder, { now: () => Date.now() - 2000 });
  await late.store.create("expired", { value: bytes("expired"), expiresAt: Date.now() - 1000 });
  await late.close();
  return key;
}

/** What is wrong after a fault, as another process sees it, and after a sweep of the one that met it. */
async function judge(scene: Scene, key: string, outcome: Outcome): Promise<string[]> {
  const { disk, folder, store, step, counts } = scene;
  const { before, after, answer } = stepOf(step);
  const found = await textAt(store, key);
  counts.faults++;
  const isTold = "error" in outcome;
  if (!isTold) counts.done++;
  else counts[found === before ? "old" : "new"]++;
  const flaws = [];
  if (found !== before && found !== after) flaws.push(`${found} stands there`);
  if (!isTold && found !== after) flaws.push("nobody was told that it failed");
  // An answer of nothing gets lost on its way here.
  if (!isTold && !isDeepStrictEqual(outcome.answer, answer)) flaws.push(`answers ${JSON.stringify(outcome)}`);
  if ((await DISKS[disk].flaws(folder, await liveIn(store))).length > 0) counts.littered++;
  return flaws;
}

/** Sees that all goes on, and that a sweep leaves nothing: in the process that met the fault, and in another one. */
async function recover(scene: Scene, key: string): Promise<string[]> {
  const { disk, folder, store } = scene;
  const { age } = DISKS[disk];
  age?.(folder);
  const swept = await told(scene, "sweep", key);
  const flaws = (await DISKS[disk].flaws(folder, await liveIn(store))).map((flaw) => `${flaw} after a sweep`);
  if ("error" in swept) flaws.push(`a sweep ends with ${swept.error}`);
  await store.delete(key);
  for (const step of ["create", "delete"] as const) {
    const outcome = await told(scene, step, key);
    if (!isDeepStrictEqual(outcome, { answer: true })) flaws.push(`then ${step} gives ${JSON.stringify(outcome)}`);
  }
  if (!(await store.create(key, { value: bytes("new"), expiresAt: soon() }))) flaws.push("then nobody can create it");
  if (!(await store.delete(key))) flaws.push("then nobody can delete it");
  return flaws;
}

async function told({ worker }: Scene, step: StepName, key: string): Promise<Outcome> {
  order(worker, { step, key, stops: false });
  return heard(worker);
}

function order({ say }: Worker, what: Order): void {
  say(JSON.stringify(what));
}

async function heard({ hear }: Worker): Promise<Outcome> {
  return JSON.parse(await hear()) as Outcome;
}

function start(disk: DiskName, folder: string): Worker {
  const plan: StepPlan = { disk, folder };
  const child = startWorker("steps", plan);
  return { child, ...peer(child) };
}
