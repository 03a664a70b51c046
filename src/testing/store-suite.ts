/**
 * What every store promises, as tests: the whole test of a store is a call of `testStore`, and of one more function for
 * each ability it has.
 */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import type { Change, Entry, Listable, Store, Sweepable } from "../store.ts";
import { assertCounted, countUp } from "./internal/counter.ts";
import { assertEntry, bytes, isLive, newKey, onStage, range, type StoreKit, type Time } from "./internal/stage.ts";

export type { StoreKit, Test } from "./internal/stage.ts";

/** Every length around which a format or a buffer might change its ways. */
const SIZES = [0, 1, 2, 127, 128, 255, 256, 4095, 4096, 65_535, 65_536, 1_048_576];

/** What a path, a pattern, a prototype, a line or a device might be made of. */
const ODD_KEYS = [
  "a key",
  "prefix:of:some:kind",
  "Käse 🧀 ключ",
  "'quoted\" `by` all",
  "%00 %s ${key} $1 \\",
  "..",
  "../../etc/passwd",
  "/",
  "__proto__",
  "constructor",
  "line\nbreak\r\n",
  "CON",
  "a*b?[c]",
  "k".repeat(300),
];

/** Holds a store against what `Store` promises. */
export function testStore(kit: StoreKit): void {
  testCreate(kit);
  testUpdate(kit);
  testDelete(kit);
  testDeadlines(kit);
  testValues(kit);
  testKeys(kit);
  testRaces(kit);
}

function testCreate(kit: StoreKit): void {
  const test = onStage(kit);

  test("reads what was created", async ({ store, key, time, live }) => {
    const entry = live("one");
    assert.equal(await store.create(key, entry), true);
    assertEntry(time, await store.read(key), entry);
  });

  test("reads nothing where nothing was created", async ({ store, key }) => {
    assert.equal(await store.read(key), undefined);
  });

  test("refuses a taken key and writes nothing", async ({ store, key, time, live }) => {
    const entry = live("one");
    await store.create(key, entry);
    assert.equal(await store.create(key, live("two", 2)), false);
    assertEntry(time, await store.read(key), entry);
  });

  test("creates where an entry has expired", async ({ store, key, time, live }) => {
    const deadline = time.soon();
    await store.create(key, { value: bytes("one"), expiresAt: deadline });
    await time.pass(deadline, store, key);
    const entry = live("two");
    assert.equal(await store.create(key, entry), true);
    assertEntry(time, await store.read(key), entry);
  });

  test("creates where an entry was deleted", async ({ store, key, time, live }) => {
    await store.create(key, live("one"));
    await store.delete(key);
    const entry = live("two", 2);
    assert.equal(await store.create(key, entry), true);
    assertEntry(time, await store.read(key), entry);
  });
}

function testUpdate(kit: StoreKit): void {
  const test = onStage(kit);

  test("updates nothing where nothing was created, and creates nothing", async ({ store, key, live }) => {
    await assertGone(store, key, live("new"));
  });

  test("swaps the value that was read for another, with a deadline of its own", async ({ store, key, time, live }) => {
    await store.create(key, live("one"));
    const entry = live("two", 2);
    assert.deepEqual(await store.update(key, { ...entry, before: bytes("one") }), { done: true });
    assertEntry(time, await store.read(key), entry);
  });

  test("swaps a value for itself", async ({ store, key, time, live }) => {
    const entry = live("one");
    await store.create(key, entry);
    assert.deepEqual(await store.update(key, { ...entry, before: entry.value }), { done: true });
    assertEntry(time, await store.read(key), entry);
  });

  test("answers a lost swap with what stands there, and leaves that alone", async ({ store, key, time, live }) => {
    const entry = live("theirs");
    await store.create(key, entry);
    for (const before of ["", "mine", "their", "theirs "]) {
      const updated = await store.update(key, { ...live("new", 2), before: bytes(before) });
      assert.ok(!updated.done, "the swap was done");
      assertEntry(time, updated.current, entry);
      assertEntry(time, await store.read(key), entry);
    }
  });

  test("moves a deadline to later and to earlier, and keeps the value", async ({ store, key, time, live }) => {
    await store.create(key, live("one", 2));
    for (const entry of [live("one", 3), live("one", 1)]) {
      assert.deepEqual(await store.update(key, { expiresAt: entry.expiresAt }), { done: true });
      assertEntry(time, await store.read(key), entry);
    }
  });

  test("ends at a deadline that was moved to earlier", async ({ store, key, time, live }) => {
    await store.create(key, live("one"));
    const deadline = time.soon();
    await store.update(key, { expiresAt: deadline });
    await time.pass(deadline, store, key);
  });

  test("outlives a deadline that was moved to later", async ({ store, key, time, live }) => {
    // The update has to come before it, on a busy machine as well; some engines keep whole seconds.
    const [deadline, other] = [time.soon() + 2000, newKey()];
    const entry = live("one");
    await store.create(key, { ...entry, expiresAt: deadline });
    await store.create(other, { ...entry, expiresAt: deadline });
    await store.update(key, { expiresAt: entry.expiresAt });
    await time.pass(deadline, store, other);
    assertEntry(time, await store.read(key), entry);
  });

  test("removes an entry whose new deadline has passed", async ({ store, key, time, live }) => {
    await store.create(key, live("one"));
    assert.deepEqual(await store.update(key, { expiresAt: time.after(0) }), { done: true });
    assert.equal(await store.read(key), undefined);
    assert.equal(await store.delete(key), false);
  });

  test("removes by a swap whose deadline has passed, if the old value stands", async ({ store, key, time, live }) => {
    const entry = live("one");
    await store.create(key, entry);
    const removal = { value: bytes("two"), expiresAt: time.after(0) };
    const updated = await store.update(key, { ...removal, before: bytes("other") });
    assert.ok(!updated.done, "removed what had another value");
    assertEntry(time, updated.current, entry);
    assertEntry(time, await store.read(key), entry);
    assert.deepEqual(await store.update(key, { ...removal, before: entry.value }), { done: true });
    assert.equal(await store.read(key), undefined);
  });
}

function testDelete(kit: StoreKit): void {
  const test = onStage(kit);

  test("deletes an entry once", async ({ store, key, live }) => {
    await store.create(key, live("one"));
    assert.equal(await store.delete(key), true);
    assert.equal(await store.read(key), undefined);
    assert.equal(await store.delete(key), false);
  });

  test("deletes nothing where nothing was created", async ({ store, key }) => {
    assert.equal(await store.delete(key), false);
  });

  test("cannot bring back a deleted entry", async ({ store, key, live }) => {
    await store.create(key, live("one"));
    await store.delete(key);
    await assertGone(store, key, live("new"));
  });
}

function testDeadlines(kit: StoreKit): void {
  const test = onStage(kit);

  test("keeps an entry until its deadline and no longer", async ({ store, key, time }) => {
    const deadline = time.soon();
    await store.create(key, { value: bytes("one"), expiresAt: deadline });
    await time.pass(deadline, store, key);
  });

  test("cannot bring back an expired entry", async ({ store, key, time, live }) => {
    const deadline = time.soon();
    await store.create(key, { value: bytes("one"), expiresAt: deadline });
    await time.pass(deadline, store, key);
    await assertGone(store, key, live("new"));
    assert.equal(await store.delete(key), false);
  });

  for (const days of [24, 25, 30, 31, 400, 3652]) {
    test(`keeps an entry for ${days} days`, async ({ store, key, time, live }) => {
      const entry = live("one", days * 24);
      await store.create(key, entry);
      // A timer that cannot hold so long a time fires at the next millisecond: before this one.
      await pause(1);
      assertEntry(time, await store.read(key), entry);
      if (kit.time !== "engine") await time.pass(entry.expiresAt, store, key);
    });
  }
}

function testValues(kit: StoreKit): void {
  const test = onStage(kit);
  const largest = kit.maxValue ?? SIZES.at(-1) ?? 0;

  for (const size of new Set([...SIZES.filter((some) => some < largest), largest])) {
    test(`keeps every byte of ${size}`, async ({ store, key, time, live }) => {
      const first = { ...live("one"), value: pattern(size, 0) };
      const second = { ...live("two", 2), value: pattern(size, 1) };
      await store.create(key, first);
      assertEntry(time, await store.read(key), first);
      assert.deepEqual(await store.update(key, { ...second, before: first.value }), { done: true });
      assertEntry(time, await store.read(key), second);
    });
  }

  test("keeps its bytes apart from those it was given", async ({ store, key, time, live }) => {
    const [first, second] = [live("first"), live("second")];
    await store.create(key, first);
    first.value.fill(0);
    assertEntry(time, await store.read(key), live("first"));
    await store.update(key, { ...second, before: bytes("first") });
    second.value.fill(0);
    assertEntry(time, await store.read(key), live("second"));
  });

  test("keeps its bytes apart from those it gave", async ({ store, key, time, live }) => {
    const entry = live("one");
    await store.create(key, entry);
    const lost = await store.update(key, { ...live("two"), before: bytes("other") });
    assert.ok(!lost.done);
    lost.current?.value.fill(0);
    (await store.read(key))?.value.fill(0);
    assertEntry(time, await store.read(key), entry);
  });
}

function testKeys(kit: StoreKit): void {
  const test = onStage(kit);

  test("keeps two keys apart", async ({ store, key, time, live }) => {
    const [other, theirs] = [newKey(), live("theirs")];
    await store.create(key, live("one"));
    await store.create(other, theirs);
    await store.update(key, { ...live("two"), before: bytes("one") });
    assertEntry(time, await store.read(other), theirs);
    await store.delete(key);
    assertEntry(time, await store.read(other), theirs);
  });

  if (kit.keys === "hashed") return;
  test("keeps odd keys apart", async ({ store, key, time, live }) => {
    const keys = ODD_KEYS.flatMap((odd) => [odd, odd + key, key + odd]);
    // What another test of the same engine may have left.
    for (const odd of ODD_KEYS) await store.delete(odd);
    for (const odd of keys) assert.equal(await store.create(odd, live(odd)), true, odd);
    for (const odd of keys) assertEntry(time, await store.read(odd), live(odd));
    for (const odd of keys) assert.equal(await store.delete(odd), true, odd);
  });
}

function testRaces(kit: StoreKit): void {
  const test = onStage(kit);

  test("lets one of 50 create a key", async ({ store, key, time, live }) => {
    const created = await Promise.all(range(50).map((n) => store.create(key, live(`${n}`))));
    const winners = range(50).filter((n) => created[n]);
    assert.equal(winners.length, 1);
    assertEntry(time, await store.read(key), live(`${winners[0]}`));
  });

  test("lets one of 50 swap a value", async ({ store, key, time, live }) => {
    await store.create(key, live("before"));
    const before = bytes("before");
    const updates = await Promise.all(range(50).map((n) => store.update(key, { ...live(`${n}`), before })));
    const winners = range(50).filter((n) => updates[n]?.done);
    assert.equal(winners.length, 1);
    const winner = live(`${winners[0]}`);
    assertEntry(time, await store.read(key), winner);
    for (const updated of updates) if (!updated.done) assertEntry(time, updated.current, winner);
  });

  test("lets one of 20 delete an entry", async ({ store, key, live }) => {
    await store.create(key, live("one"));
    const deleted = await Promise.all(range(20).map(() => store.delete(key)));
    assert.equal(deleted.filter(Boolean).length, 1);
  });

  test("counts what 16 writers add, each addition once", async ({ store, key, time, live }) => {
    const entry = live("0");
    await store.create(key, entry);
    const sums = await Promise.all(range(16).map(() => countUp(store, key, 20)));
    assertCounted(sums.flat(), 320);
    assertEntry(time, await store.read(key), { ...entry, value: bytes("320") });
  });

  test("lets no update outlive a delete that races it", async ({ store, live }) => {
    const entry = live("one");
    for (const key of range(50).map(newKey)) {
      await store.create(key, entry);
      const swap = () => store.update(key, { ...entry, before: entry.value });
      const touch = () => store.update(key, { expiresAt: entry.expiresAt });
      const [, , deleted] = await Promise.all([swap(), touch(), store.delete(key), swap(), touch()]);
      assert.equal(deleted, true);
      assert.equal(await store.read(key), undefined);
    }
  });
}

/** Holds a store against what `Listable` promises. */
export function testListable(kit: StoreKit<Store & Listable>): void {
  const test = onStage(kit);

  test("lists every live entry once", async ({ store, time, live }) => {
    const keys = range(40).map(newKey);
    for (const key of keys) await store.create(key, live(key));
    const listed = await listOf(store, keys);
    assert.deepEqual(listed.map(([key]) => key).toSorted(), keys.toSorted());
    for (const [key, entry] of listed) assertEntry(time, entry, live(key));
  });

  test("lists nothing that was deleted or has expired", async ({ store, key, time, live }) => {
    const [deadline, expired] = [time.soon(), newKey()];
    await store.create(key, live("one"));
    await store.create(expired, { value: bytes("two"), expiresAt: deadline });
    await store.delete(key);
    await time.pass(deadline, store, expired);
    assert.deepEqual(await listOf(store, [key, expired]), []);
  });

  test("lists what stays while others come and go", async ({ store, live }) => {
    const [stay, go, come] = [range(20).map(newKey), range(20).map(newKey), range(20).map(newKey)];
    const entry = live("one");
    for (const key of [...stay, ...go]) await store.create(key, entry);
    const changes = range(20).map(async (n) => {
      await store.delete(go[n] ?? "");
      await store.create(come[n] ?? "", entry);
      await store.update(stay[n] ?? "", { expiresAt: entry.expiresAt });
    });
    const listed = await listOf(store, stay);
    await Promise.all(changes);
    assert.deepEqual(listed.map(([key]) => key).toSorted(), stay.toSorted());
  });
}

/** Holds a store against what `Sweepable` promises. */
export function testSweepable(kit: StoreKit<Store & Sweepable>): void {
  const test = onStage(kit);

  test("deletes what has expired, tells how many, and leaves the rest", async ({ store, time, live }) => {
    await store.deleteExpired();
    const keys = range(20).map(newKey);
    for (const key of keys) await store.create(key, live("one"));
    await createExpired(30, store, time);
    assert.equal(await store.deleteExpired(), 30);
    for (const key of keys) assert.equal(await isLive(store, key), true);
    assert.equal(await store.deleteExpired(), 0);
  });

  test("counts nothing twice where two sweeps meet", async ({ store, time }) => {
    await store.deleteExpired();
    await createExpired(30, store, time);
    const [one, two] = await Promise.all([store.deleteExpired(), store.deleteExpired()]);
    assert.equal(one + two, 30);
  });

  test("spares what is created anew while it sweeps", async ({ store, time, live }) => {
    const keys = await createExpired(30, store, time);
    const entry = live("two");
    const sweep = store.deleteExpired();
    const created = await Promise.all(keys.map((key) => store.create(key, entry)));
    await sweep;
    assert.deepEqual(created, Array(30).fill(true));
    for (const key of keys) assertEntry(time, await store.read(key), entry);
  });
}

/** Fails unless every kind of update to `entry` finds nothing, and leaves nothing. */
async function assertGone(store: Store, key: string, entry: Entry): Promise<void> {
  const swaps = ["", "one", "new"].map((before): Change => ({ ...entry, before: bytes(before) }));
  for (const change of [{ expiresAt: entry.expiresAt }, ...swaps]) {
    assert.deepEqual(await store.update(key, change), { done: false, current: undefined });
    assert.equal(await store.read(key), undefined);
  }
}

/** Creates so many entries, waits until they have expired, and gives their keys. */
async function createExpired(count: number, store: Store, time: Time): Promise<string[]> {
  const [keys, deadline] = [range(count).map(newKey), time.soon()];
  for (const key of keys) await store.create(key, { value: bytes("one"), expiresAt: deadline });
  await time.pass(deadline, store, keys[0] ?? "");
  return keys;
}

/** What a store lists, as far as it is of the keys given. */
async function listOf(store: Listable, keys: readonly string[]): Promise<[key: string, entry: Entry][]> {
  const listed: [string, Entry][] = [];
  for await (const [key, entry] of store.list()) if (keys.includes(key)) listed.push([key, entry]);
  return listed;
}

/** So many bytes, in which every value occurs. */
function pattern(size: number, first: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, n) => first + n * 31);
}
