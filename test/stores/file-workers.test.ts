/** The file store between processes: who writes at the same time, who is killed, who is stopped, who sweeps. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Store, Sweepable } from "../../src/store.ts";
import { fileStore } from "../../src/stores/file.ts";
import { assertCounted, countUp } from "../../src/testing/internal/counter.ts";
import { peer } from "../../src/testing/internal/peer.ts";
import { bytes, isLive, newKey, range } from "../../src/testing/internal/stage.ts";
import { testWriters } from "../../src/testing/store-writers.ts";
import { startWorker } from "./start-worker.ts";
import { leftoversBelow, pathsBelow, temporaryDirectory } from "./worker-directory.ts";
import { numberIn, valueOf } from "./worker-values.ts";

const HOUR = 3_600_000;

/** A worker that is killed when the test is over, if it still runs. */
function start(job: string, directory: string, argument: string): ChildProcess {
  const child = startWorker("file", job, directory, argument);
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

describe("file store, many processes", () => {
  let common = "";
  testWriters({
    test,
    open: () => fileStore({ directory: (common = temporaryDirectory()) }),
    spawn: (plan) => start("writers", common, plan),
    close: () => assert.deepEqual(leftoversBelow(common), []),
  });

  test.for(["000", "022", "077", "277"])("keeps files and folders to their owner under umask %s", async (umask) => {
    const directory = join(temporaryDirectory(), "sessions");
    await peer(start("create", directory, umask)).over();
    const paths = [directory, ...pathsBelow(directory)];
    expect(paths.map(modeOf)).toEqual(["700", "700", "700", "600"]);
  });
});

describe("file store, a process that is killed", () => {
  test("loses nothing that was acknowledged, tears nothing, and leaves nothing after a sweep", async () => {
    const directory = temporaryDirectory();
    const store = fileStore({ directory });
    const keys = [newKey(), newKey()];
    for (const key of keys) await store.create(key, { value: valueOf(0), expiresAt: Date.now() + HOUR });
    for (const round of range(10)) {
      const counts = await Promise.all(keys.map((key) => killedAfter(1 + 3 * round, directory, key)));
      for (const [n, key] of keys.entries()) {
        const entry = await store.read(key);
        const acknowledged = counts[n] ?? NaN;
        expect(numberIn(entry?.value ?? bytes(""))).toBeOneOf([acknowledged, acknowledged + 1]);
        expect(await store.read(`${key} ${acknowledged}`)).toBeUndefined();
      }
    }
    await store.deleteExpired();
    expect(leftoversBelow(directory)).toEqual([]);
  });

  test.for(["write", "remove"])("hinders nobody while it was to %s", async (purpose) => {
    const [directory, key] = [temporaryDirectory(), newKey()];
    const child = start("hold", directory, JSON.stringify({ key, purpose }));
    await peer(child).hear();
    child.kill("SIGKILL");
    await once(child, "close");
    const entry = { value: bytes("one"), expiresAt: Date.now() + HOUR };
    expect(await fileStore({ directory }).create(key, entry)).toBe(true);
    expect(leftoversBelow(directory)).toEqual([]);
  });
});

describe("file store, a process that is stopped", () => {
  test("writes nothing when it goes on, once others have written", async () => {
    const [directory, key] = [temporaryDirectory(), newKey()];
    const store = fileStore({ directory });
    await whileStopped(directory, key, async () => {
      expect(await store.create(key, { value: bytes("newer"), expiresAt: Date.now() + HOUR })).toBe(true);
    });
    expect(await textAt(store, key)).toBe("newer");
    expect(leftoversBelow(directory)).toEqual([]);
  });

  test("brings nothing back when it goes on, once it was deleted", async () => {
    const [directory, key] = [temporaryDirectory(), newKey()];
    const store = fileStore({ directory });
    await store.create(key, { value: bytes("older"), expiresAt: Date.now() + HOUR });
    await whileStopped(directory, key, async () => expect(await store.delete(key)).toBe(true));
    expect(await store.read(key)).toBeUndefined();
    expect(leftoversBelow(directory)).toEqual([]);
  });

  test("loses nothing and repeats nothing, wherever it is stopped", async () => {
    const [directory, shared, expiresAt] = [temporaryDirectory(), newKey(), Date.now() + HOUR];
    const store = fileStore({ directory });
    await store.create(shared, { value: bytes("0"), expiresAt });
    const child = start("writers", directory, JSON.stringify({ shared, own: [newKey()], additions: 300, expiresAt }));
    const { hear, say } = peer(child);
    expect(await hear()).toBe("ready");
    say("go");
    const sums: number[] = [];
    for (const _ of range(20)) {
      child.kill("SIGSTOP");
      sums.push(...(await countUp(store, shared, 2)));
      child.kill("SIGCONT");
      sums.push(...(await countUp(store, shared, 2)));
    }
    assertCounted([...sums, ...(JSON.parse(await hear()) as number[])], 380);
  });
});

describe("file store, a sweep", () => {
  test("spares what other processes touch at the last moment", async () => {
    const directory = temporaryDirectory();
    const store = fileStore({ directory });
    const soon = Date.now() + 2000;
    const parts = range(2).map((part) => range(200).map((n): [string, number] => [newKey(), soon + 2 * n + part]));
    for (const [key, expiresAt] of parts.flat()) await store.create(key, { value: bytes("one"), expiresAt });
    const children = parts.map((part) => peer(start("touch", directory, JSON.stringify(part))));
    for (const { hear } of children) expect(await hear()).toBe("ready");
    for (const { say } of children) say("go");
    const over = new AbortController();
    const sweeps = sweepUntil(over.signal, store);
    const touched = (await Promise.all(children.map(async ({ hear }) => JSON.parse(await hear()) as string[]))).flat();
    over.abort();
    await sweeps;
    console.log(`file store: ${touched.length} of 400 entries were touched in time`);
    const live = [];
    for (const [key] of parts.flat()) if (await isLive(store, key)) live.push(key);
    expect(live.toSorted()).toEqual(touched.toSorted());
  });
});

/** Lets a process claim the record of a key, stops it, does `act`, and sees that it writes nothing when it goes on. */
async function whileStopped(directory: string, key: string, act: () => Promise<void>): Promise<void> {
  const child = start("hold", directory, JSON.stringify({ key, purpose: "write" }));
  const { hear, say, over } = peer(child);
  expect(await hear()).toBe("holding");
  child.kill("SIGSTOP");
  await act();
  child.kill("SIGCONT");
  say("go on");
  expect(await hear()).toBe("fenced off");
  await over();
}

/** Kills a process that overwrites a key, some time after it said so many numbers, and gives the last one it said. */
async function killedAfter(count: number, directory: string, key: string): Promise<number> {
  const child = start("overwrite", directory, key);
  const numbers: number[] = [];
  const lines = child.stdout && createInterface({ input: child.stdout });
  lines?.on("line", (line) => {
    numbers.push(Number(line));
    if (numbers.length === count) child.kill("SIGKILL");
  });
  await once(child, "close");
  return numbers.at(-1) ?? NaN;
}

async function sweepUntil(over: AbortSignal, store: Sweepable): Promise<void> {
  while (!over.aborted) await store.deleteExpired();
}

async function textAt(store: Store, key: string): Promise<string | undefined> {
  const entry = await store.read(key);
  return entry && Buffer.from(entry.value).toString();
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}
