/**
 * Two processes at one record. The second one comes before any of the file operations of the first one, and takes it for
 * dead if it is in the way. What comes of it has to be what comes of one after the other.
 */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Store, Sweepable } from "../../src/store.ts";
import { fileStore } from "../../src/stores/file.ts";
import { breakClaim, lockOf } from "../../src/stores/internal/claim.ts";
import { nameOf } from "../../src/stores/internal/record.ts";
import { entriesIn, pathOf } from "../../src/stores/internal/tree.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { bytes } from "../../src/testing/internal/stage.ts";
import { leftoversBelow, temporaryDirectory } from "./worker-directory.ts";
import { meddling } from "./worker-operations.ts";

type Act = (store: Store & Sweepable) => Promise<unknown>;

/** What two acts gave, and what is left. */
type Outcome = [first: unknown, second: unknown, left: unknown];

const START = manualClock().now();
const LATER = START + 1000;

/** What stands there when the two meet, a millisecond after the start. */
const scenes: Record<string, Act> = {
  nothing: async () => undefined,
  "a live entry": (store) => store.create("key", { value: bytes("one"), expiresAt: LATER }),
  "an expired entry": (store) => store.create("key", { value: bytes("one"), expiresAt: START + 1 }),
};

const acts: Record<string, Act> = {
  create: (store) => store.create("key", { value: bytes("created"), expiresAt: LATER }),
  swap: (store) => store.update("key", { before: bytes("one"), value: bytes("swapped"), expiresAt: LATER }),
  touch: (store) => store.update("key", { expiresAt: LATER + 1 }),
  delete: (store) => store.delete("key"),
  // Not how many went: a sweep may meet what a delete is about to remove.
  sweep: (store) => store.deleteExpired().then(() => "swept"),
};

describe.for(Object.entries(scenes))("file store, two that meet at %s", ([, setUp]) => {
  test.for(Object.entries(acts))("are as one after the other, when the first is to %s", async ([, first]) => {
    const parent = temporaryDirectory();
    for (const [name, second] of Object.entries(acts)) {
      const [two, one, left] = await inTurn(setUp, second, first);
      const orders = [await inTurn(setUp, first, second), [one, two, left]];
      let met: string | undefined = "";
      for (let n = 0; met !== undefined; n++) {
        const directory = join(parent, `${name} ${n}`);
        const meeting = await meet({ directory, setUp, first, second, n });
        ({ met } = meeting);
        expect(orders, `${name} before operation ${n}, ${met}`).toContainEqual(meeting.outcome);
        expect(leftoversBelow(directory)).toEqual([]);
      }
    }
  });
});

/** What comes of one after the other, in a store where nothing happens in between. */
async function inTurn(setUp: Act, first: Act, second: Act): Promise<Outcome> {
  const clock = manualClock(START);
  const store = memoryStore({ clock });
  await setUp(store);
  clock.advance(1);
  return [plain(await first(store)), plain(await second(store)), plain(await store.read("key"))];
}

interface Meeting {
  directory: string;
  setUp: Act;
  first: Act;
  second: Act;
  n: number;
}

/** What comes of it when the second one comes before the nth file operation of the first one: after it, if there is none. */
async function meet({
  directory,
  setUp,
  first,
  second,
  n,
}: Meeting): Promise<{ met: string | undefined; outcome: Outcome }> {
  const clock = manualClock(START);
  const [one, two] = [fileStore({ directory, clock }), fileStore({ directory, clock })];
  await setUp(one);
  clock.advance(1);
  const given: unknown[] = [];
  let other: Promise<unknown> | undefined;
  const come = (): void => {
    breakWhoHolds(pathOf(directory, nameOf("key")));
    other = second(two);
  };
  const met = await meddling(n, come, async () => void given.push(await first(one)));
  given.push(await (other ?? second(two)), await one.read("key"));
  return { met, outcome: given.map(plain) as Outcome };
}

function breakWhoHolds(path: string): void {
  for (const { name } of entriesIn(lockOf(path))) breakClaim(path, name);
}

/** Bytes as text, so that results can be compared. */
function plain(result: unknown): unknown {
  if (result instanceof Uint8Array) return Buffer.from(result).toString();
  if (typeof result !== "object" || result === null) return result;
  return Object.fromEntries(Object.entries(result).map(([name, value]) => [name, plain(value)]));
}
