/** What a round of killed writers left, held against what they had said. */
import { range } from "../../../src/testing/internal/stage.ts";
import { type DiskName, DISKS, type DiskStore } from "./disks.ts";
import { raise, type Word, type WritePlan, wholeNumber } from "./writers.ts";

/** What was counted in all rounds. */
export interface Counts {
  kills: number;
  acknowledged: number;
  /** Changes that stand though nobody heard of them: they were under way. */
  unheard: number;
  torn: number;
  lost: number;
  twice: number;
  /** What killed processes left, before a sweep and after it. */
  littered: number;
  unswept: number;
}

/** What writers said, in the order in which each said it. */
export type Said = [word: Word, key: string, number: number][];

export interface Round {
  readonly disk: DiskName;
  readonly folder: string;
  readonly store: DiskStore;
  /** What the shared numbers were at first; what they are in the end is put there. */
  readonly numbers: Map<string, number>;
  readonly said: Said;
  readonly plans: readonly WritePlan[];
  readonly counts: Counts;
  /** Whether the sweep comes before all others, or after them. */
  readonly sweepsFirst: boolean;
}

/** Counts what is there, and gives a text for whatever should not be. */
export async function judge(round: Round): Promise<string[]> {
  const { store, said, counts, numbers } = round;
  counts.acknowledged += said.filter(([word]) => ["raised", "made", "dropped"].includes(word)).length;
  const flaws = said.flatMap(([word, key]) => (word === "torn" || word === "missing" ? lost(counts, word, key) : []));
  if (round.sweepsFirst) flaws.push(...(await sweep(round)));
  for (const key of numbers.keys()) flaws.push(...(await judgeNumber(round, key)));
  flaws.push(...(await judgeOwn(round)));
  for await (const [key] of store.list()) if (!numbers.has(key)) await store.delete(key);
  if (!round.sweepsFirst) flaws.push(...(await sweep(round)));
  return flaws;
}

/** A number that many raised, and that can be raised again at once. */
async function judgeNumber({ store, said, plans, counts, numbers }: Round, key: string): Promise<string[]> {
  const heard = said.filter(([word, name]) => word === "raised" && name === key).map(([, , number]) => number);
  const writers = plans.flatMap(({ keys }) => keys).filter((name) => name === key).length;
  const [word, next] = await raise(store, key);
  if (word !== "raised") return lost(counts, word, key);
  const before = numbers.get(key) ?? NaN;
  numbers.set(key, next);
  const unheard = next - 1 - before - heard.length;
  counts.unheard += unheard;
  const what = `${key} was ${before}, is ${next - 1}, after ${heard.length} changes were acknowledged up to ${Math.max(...heard)}`;
  if (unheard < 0 || next - 1 < Math.max(...heard)) return lost(counts, "lost", what);
  return unheard > writers || new Set(heard).size < heard.length ? lost(counts, "twice", what) : [];
}

/** Entries that had one writer each. */
async function judgeOwn({ store, said, plans, counts, numbers }: Round): Promise<string[]> {
  const last = new Map(said.filter(([, key]) => !numbers.has(key)).map(([word, key]) => [key, word]));
  const found = new Map<string, number | undefined>();
  for await (const [key, { value }] of store.list()) if (!numbers.has(key)) found.set(key, wholeNumber(value));
  const unheard = [...found.keys()].filter((key) => !last.has(key));
  const writers = plans.flatMap(({ keys }) => keys).length;
  counts.unheard += unheard.length;
  return [
    ...[...found].flatMap(([key, number]) => (number === undefined ? lost(counts, "torn", key) : [])),
    ...[...last].flatMap(([key, word]) => (word === "made" && !found.has(key) ? lost(counts, "missing", key) : [])),
    ...[...last].flatMap(([key, word]) => (word === "dropped" && found.has(key) ? lost(counts, "twice", key) : [])),
    ...range(unheard.length - writers).flatMap((n) => lost(counts, "twice", unheard[n] ?? "")),
  ];
}

/** Sweeps once, and tells what is left that should not be. */
async function sweep({ disk, folder, store, counts }: Round): Promise<string[]> {
  counts.littered += (await DISKS[disk].flaws(folder, await liveIn(store))).length;
  await store.deleteExpired();
  const flaws = await DISKS[disk].flaws(folder, await liveIn(store));
  counts.unswept += flaws.length;
  return flaws;
}

export async function liveIn(store: DiskStore): Promise<number> {
  let live = 0;
  for await (const _ of store.list()) live++;
  return live;
}

/** Counts a flaw, and gives its text. */
function lost(counts: Counts, word: Word | "twice" | "lost", what: string): [string] {
  if (word === "torn" || word === "twice") counts[word]++;
  else counts.lost++;
  return [`${word}: ${what}`];
}
