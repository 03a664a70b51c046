/** A process that writes until it is killed, and says what was acknowledged. */
import { readSync, writeSync } from "node:fs";
import type { Store } from "../../../src/index.ts";
import { numberIn, valueOf } from "../../stores/worker-values.ts";
import { type DiskName, DISKS } from "./disks.ts";

export interface WritePlan {
  readonly disk: DiskName;
  readonly folder: string;
  /** For each writer the key of the number that it raises. */
  readonly keys: readonly string[];
  /** What the keys of its own entries begin with. */
  readonly name: string;
}

/** What a writer says: always of something that the store has settled, but `dropping`, which comes before. */
export type Word = "raised" | "outrun" | "made" | "dropping" | "dropped" | "torn" | "missing";

/** Far enough away for all that a figure does. */
export const soon = (): number => Date.now() + 3_600_000;

/** Raises numbers from when it is told to until it is killed. */
export async function write(text: string): Promise<void> {
  const { disk, folder, keys, name } = JSON.parse(text) as WritePlan;
  const { store } = await DISKS[disk].open(folder);
  await store.read(keys[0] ?? "");
  writeSync(1, "ready\n");
  readSync(0, Buffer.alloc(1));
  await Promise.all(keys.map((key, n) => overwrite(store, key, `${name}.${n}`)));
}

/** Into the pipe at once: what was said before a SIGKILL is heard after it. */
function say(word: Word, key: string, number: number): void {
  writeSync(1, `${word} ${key} ${number}\n`);
}

/** Raises a number; between two times it makes an entry of its own, touches it, and drops every other one. */
async function overwrite(store: Store, key: string, name: string): Promise<void> {
  for (let n = 0; ; n++) {
    const [word, number] = await raise(store, key);
    say(word, key, number);
    const own = `${name}.${n}`;
    if (await store.create(own, { value: valueOf(n), expiresAt: soon() })) say("made", own, n);
    await store.update(own, { expiresAt: soon() });
    if (n % 2 === 0) continue;
    say("dropping", own, n);
    if (await store.delete(own)) say("dropped", own, n);
  }
}

/** Adds one by compare and swap, and tells what came of it, with the number that stands there if this one wrote it. */
export async function raise(store: Store, key: string): Promise<[word: Word, number: number]> {
  const entry = await store.read(key);
  if (!entry) return ["missing", NaN];
  const number = wholeNumber(entry.value);
  if (number === undefined) return ["torn", NaN];
  const { done } = await store.update(key, { before: entry.value, value: valueOf(number + 1), expiresAt: soon() });
  return [done ? "raised" : "outrun", number + 1];
}

/** The number of a value; `undefined` when it is torn. */
export function wholeNumber(value: Uint8Array): number | undefined {
  try {
    return numberIn(value);
  } catch {
    return undefined;
  }
}
