/** A process that does one thing at a time to a store, and stops before and after: so a tracer sees that thing alone. */
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { bytes } from "../../../src/testing/internal/stage.ts";
import { type DiskName, DISKS, type DiskStore } from "./disks.ts";
import { soon } from "./writers.ts";

export interface StepPlan {
  readonly disk: DiskName;
  readonly folder: string;
}

/** What is done to the entry under a key: the text that stands there before and after (none: no entry), and the answer. */
interface Step {
  readonly before?: string;
  readonly after?: string;
  readonly answer: unknown;
  act(store: DiskStore, key: string): Promise<unknown>;
}

const [old, fresh] = [bytes("old"), bytes("new")];

export const STEPS = {
  create: {
    after: "new",
    answer: true,
    act: (store, key) => store.create(key, { value: fresh, expiresAt: soon() }),
  },
  swap: {
    before: "old",
    after: "new",
    answer: { done: true },
    act: (store, key) => store.update(key, { before: old, value: fresh, expiresAt: soon() }),
  },
  touch: {
    before: "old",
    after: "old",
    answer: { done: true },
    act: (store, key) => store.update(key, { expiresAt: soon() }),
  },
  delete: { before: "old", answer: true, act: (store, key) => store.delete(key) },
  read: { before: "old", after: "old", answer: "old", act: textAt },
  sweep: { before: "old", after: "old", answer: 1, act: (store) => store.deleteExpired() },
} as const satisfies Record<string, Step>;

export type StepName = keyof typeof STEPS;

export const stepOf = (name: StepName): Step => STEPS[name];

/** What a process is told to do. */
export interface Order {
  readonly step: StepName;
  readonly key: string;
  /** Whether it stops before and after. */
  readonly stops: boolean;
}

/** What came of it: an answer, or the error that it was rejected with. */
export type Outcome = { readonly answer?: unknown } | { readonly error: string };

export async function textAt(store: DiskStore, key: string): Promise<string | undefined> {
  const entry = await store.read(key);
  return entry && Buffer.from(entry.value).toString();
}

export async function takeSteps(text: string): Promise<void> {
  const { disk, folder } = JSON.parse(text) as StepPlan;
  const { store } = await DISKS[disk].open(folder);
  for await (const line of createInterface({ input: process.stdin })) {
    const { step, key, stops } = JSON.parse(line) as Order;
    if (stops) process.kill(process.pid, "SIGSTOP");
    const outcome = await outcomeOf(stepOf(step).act(store, key));
    if (stops) process.kill(process.pid, "SIGSTOP");
    writeSync(1, `${JSON.stringify(outcome)}\n`);
  }
}

function outcomeOf(result: Promise<unknown>): Promise<Outcome> {
  return result.then(
    (answer) => ({ answer }),
    (error: unknown) => ({ error: String((error as { code?: unknown }).code ?? error) }),
  );
}
