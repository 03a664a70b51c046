import { RedisStore } from "connect-redis";
import { createClient } from "redis";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Clock } from "../../src/clock.ts";
import { asExpressStore } from "../../src/compat/express-session/as-express-store.ts";
import { ask } from "../../src/connect-store.ts";
import type { Entry, Listable, Store, Verb } from "../../src/store.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { migratingStore, type Movable } from "../../src/stores/migrating.ts";
import { redisStore } from "../../src/stores/redis.ts";
import { createTable, sqlStore } from "../../src/stores/sql.ts";
import { newClaim, parcelOf, standingOf } from "../../src/stores/internal/moving.ts";
import { type ManualClock, manualClock } from "../../src/testing/clock.ts";
import { bytes, newKey } from "../../src/testing/internal/stage.ts";
import { testListable, testStore, testSweepable } from "../../src/testing/store-suite.ts";
import { testWriters } from "../../src/testing/store-writers.ts";
import { engine, has, untilTheEnd } from "../engines.ts";
import { connected } from "./redis-clients.ts";
import { startWorker } from "./start-worker.ts";
import { openPostgres } from "./sql-databases.ts";
import { lent } from "./sql-helpers.ts";

vi.setConfig({ maxConcurrency: 20 });

/** A migrating store whose every entry begins its life in the old store: so each of the kit's tests moves it. */
function beginningIn<Migrating extends Store>(from: Store, migrating: Migrating): Migrating {
  const create = async (key: string, entry: Entry) =>
    (await migrating.read(key)) ? migrating.create(key, entry) : from.create(key, entry);
  return withVerbs(migrating, { create });
}

/** A store with other verbs in the place of some of its own. */
function withVerbs<Methods extends Store>(store: Methods, verbs: Partial<Store>): Methods {
  return new Proxy(store, {
    get(target, name) {
      const own: unknown = Reflect.get(verbs, name) ?? Reflect.get(target, name);
      return typeof own === "function" ? (own as () => unknown).bind(target) : own;
    },
  });
}

describe("migrating store, memory to memory", () => {
  const open = (clock: Clock) => migratingStore(memoryStore({ clock }), memoryStore({ clock }), { clock });
  testStore({ test, open });
  testListable({ test, open });
  testSweepable({ test, open });
});

describe("migrating store, memory to memory, where all is in the old one at first", () => {
  const open = (clock: Clock) => {
    const from = memoryStore({ clock });
    return beginningIn(from, migratingStore(from, memoryStore({ clock }), { clock }));
  };
  testStore({ test, open });
  testListable({ test, open });
  testSweepable({ test, open });
});

describe.skipIf(!has("redis") || !has("postgres"))("migrating store, Redis to PostgreSQL", () => {
  let from: Store & Listable;
  let to: ReturnType<typeof sqlStore>;
  beforeAll(async () => {
    const { client } = await untilTheEnd(connected(createClient({ url: (await engine("redis")).url })));
    const db = await lent(openPostgres({ connectionString: (await engine("postgres")).url }));
    const table = `moved_${newKey().slice(0, 8)}`;
    await createTable(db, { table });
    [from, to] = [redisStore(client, { prefix: `${newKey()}:` }), sqlStore(db, { table })];
  });

  const kit = { test: test.concurrent, time: "engine" } as const;
  testStore({ ...kit, open: () => beginningIn(from, migratingStore(from, to)) });

  test("moves a session, deadline and all", async () => {
    const key = newKey();
    const entry = { value: bytes("a"), expiresAt: Date.now() + 3_600_000 };
    await from.create(key, entry);
    expect(await migratingStore(from, to).move(key)).toBe("moved");
    expect(await from.read(key)).toBeUndefined();
    const there = await to.read(key);
    expect(Buffer.from(there?.value ?? []).toString()).toBe("a");
    expect(Math.abs(Number(there?.expiresAt) - entry.expiresAt)).toBeLessThan(5000);
  });
});

describe.skipIf(!has("redis"))("migrating store, from several processes", () => {
  let url: string;
  let client: Awaited<ReturnType<typeof connect>>;
  const connect = async () => (await untilTheEnd(connected(createClient({ url })))).client;
  beforeAll(async () => {
    ({ url } = await engine("redis"));
    client = await connect();
  });

  const prefix = `${newKey()}:`;
  const open = () => {
    const [from, to] = [
      redisStore(client, { prefix: `${prefix}old:` }),
      redisStore(client, { prefix: `${prefix}new:` }),
    ];
    return beginningIn(from, migratingStore(from, to));
  };
  testWriters({ test, open, spawn: (plan) => startWorker("migrating", url, prefix, plan) });

  test("carries what connect-redis and flagon/express-session know by the same id", async () => {
    const [theirs, fresh] = [new RedisStore({ client, prefix }), memoryStore()];
    const store = asExpressStore(migratingStore(redisStore(client, { prefix }), fresh));
    const cookie = { originalMaxAge: 60_000, expires: new Date(Date.now() + 60_000) };
    await theirs.set("an id", { cookie, user: "ada" });
    expect(await ask(store, "get", "an id")).toMatchObject({ user: "ada" });
    await ask(store, "set", "an id", { cookie, user: "bob" });
    expect(await theirs.get("an id")).toBeNull();
    expect(await ask(store, "get", "an id")).toMatchObject({ user: "bob" });
    await ask(store, "destroy", "an id");
    expect([await theirs.get("an id"), await fresh.read("an id")]).toEqual([null, undefined]);
  });
});

describe("migrating store", () => {
  let clock: ManualClock;
  let from: ReturnType<typeof memoryStore>;
  let to: ReturnType<typeof memoryStore>;
  let store: ReturnType<typeof over>;
  let key: string;
  let entry: (text: string) => Entry;

  const over = (old: Pick<Store, "read" | "delete"> = from, fresh: Store = to): Store & Movable =>
    migratingStore(old, fresh, { clock });

  beforeEach(() => {
    clock = manualClock();
    [from, to] = [memoryStore({ clock }), memoryStore({ clock })];
    [store, key] = [over(), newKey()];
    entry = (text) => ({ value: bytes(text), expiresAt: clock.now() + 60_000 });
  });

  const swap = (before: string, after: string) => ({ ...entry(after), before: bytes(before) });
  const textIn = async (some: Store) => text(await some.read(key));
  const text = (found: Entry | undefined) => found && Buffer.from(found.value).toString();

  test("reads from the old store and leaves it there", async () => {
    await from.create(key, entry("a"));
    expect(await textIn(store)).toBe("a");
    expect([await textIn(from), await textIn(to)]).toEqual(["a", undefined]);
  });

  test.each([
    ["a write", () => store.update(key, swap("a", "a"))],
    ["a new deadline", () => store.update(key, { expiresAt: clock.now() + 60_000 })],
    ["move", () => store.move(key)],
  ])("moves a session by %s", async (_name, act) => {
    await from.create(key, entry("a"));
    await act();
    expect([await textIn(from), await textIn(to)]).toEqual([undefined, "a"]);
  });

  test("moves nothing by a swap that is lost, and answers with what stands in the old store", async () => {
    await from.create(key, entry("a"));
    const lost = await store.update(key, swap("b", "c"));
    expect(lost.done ? "done" : text(lost.current)).toBe("a");
    expect([await textIn(from), await textIn(to)]).toEqual(["a", undefined]);
  });

  test("tells what became of a move", async () => {
    expect(await store.move(key)).toBe("gone");
    await to.create(key, entry("newer"));
    await from.create(key, entry("older"));
    expect(await store.move(key)).toBe("there already");
    expect(await textIn(store)).toBe("newer");
  });

  test("refuses a key that the old store has", async () => {
    await from.create(key, entry("a"));
    expect(await store.create(key, entry("b"))).toBe(false);
  });

  test("ends in both stores what ends by a deadline that has passed", async () => {
    await from.create(key, entry("a"));
    expect(await store.update(key, { ...swap("a", "a"), expiresAt: clock.now() })).toEqual({ done: true });
    expect([await textIn(from), await textIn(to)]).toEqual([undefined, undefined]);
  });

  test("answers whoever comes second with what the first has made of the session", async () => {
    await from.create(key, entry("a"));
    const two = [over(), over()];
    const updates = await Promise.all(two.map((each, n) => each.update(key, swap("a", `by ${n}`))));
    const winner = updates.findIndex(({ done }) => done);
    const second = updates[1 - winner];
    expect(second && !second.done && text(second.current)).toBe(`by ${winner}`);
    expect([await textIn(from), await textIn(to)]).toEqual([undefined, `by ${winner}`]);
  });

  /** A store that waits for `hold` before each call of a verb of the one or the other. */
  function holding(which: "from" | "to", verb: Verb, hold: (call: number) => Promise<unknown>) {
    const inner = which === "from" ? from : to;
    const held = withVerbs<Store>(inner, { [verb]: pausing(inner, verb, hold) });
    return which === "from" ? over(held) : over(from, held);
  }

  function pausing(inner: Store, verb: Verb, hold: (call: number) => Promise<unknown>) {
    let calls = 0;
    return async (...args: unknown[]) => {
      const call = (inner[verb] as (...args: unknown[]) => Promise<unknown>).bind(inner);
      await hold(++calls);
      return call(...args);
    };
  }

  describe.each([
    ["from", "read", 1],
    ["from", "read", 2],
    ["to", "create", 1],
    ["to", "update", 2],
    ["from", "delete", 1],
    ["to", "update", 3],
  ] as const)("with another process before its call to %s.%s, number %i", (which, verb, nth) => {
    const meanwhile = (act: () => Promise<unknown>) => holding(which, verb, async (call) => call === nth && act());

    test("brings back no session that is logged out", async () => {
      await from.create(key, entry("a"));
      let wasDeleted = false;
      const slow = meanwhile(async () => (wasDeleted = await over().delete(key)));
      const updated = await slow.update(key, swap("a", "b"));
      expect(wasDeleted).toBe(true);
      expect(updated.done ? undefined : updated.current).toBeUndefined();
      expect([await textIn(from), await textIn(to), await textIn(store)]).toEqual([undefined, undefined, undefined]);
    });

    test("loses no change of the other, and has none done twice", async () => {
      await from.create(key, entry("a"));
      let theirs: unknown;
      const slow = meanwhile(async () => (theirs = await over().update(key, swap("a", "theirs"))));
      const mine = await slow.update(key, swap("a", "mine"));
      expect([mine, theirs].filter((each) => (each as { done: boolean }).done)).toHaveLength(1);
      const winner = mine.done ? "mine" : "theirs";
      expect([await textIn(from), await textIn(to)]).toEqual([undefined, winner]);
    });

    test("is seen whole by a reader", async () => {
      await from.create(key, entry("a"));
      const seen: unknown[] = [];
      await meanwhile(async () => seen.push(await textIn(over()))).update(key, swap("a", "b"));
      expect(["a", "b"]).toContain(seen[0]);
      expect(await textIn(store)).toBe("b");
    });
  });

  test.each([
    ["from", "delete"],
    ["to", "read"],
  ] as const)("logs out a session that moves before its call to %s.%s", async (which, verb) => {
    await from.create(key, entry("a"));
    const slow = holding(which, verb, async (call) => call === 1 && over().update(key, swap("a", "b")));
    expect(await slow.delete(key)).toBe(true);
    expect([await textIn(from), await textIn(to)]).toEqual([undefined, undefined]);
  });

  test("shows a reader nothing of what has ended in the new store", async () => {
    await from.create(key, entry("a"));
    const seen: unknown[] = [];
    const update: Store["update"] = async (...args) => {
      const updated = await to.update(...args);
      if (updated.done) seen.push(await textIn(over()));
      return updated;
    };
    const ending = over(from, withVerbs<Store>(to, { update }));
    await ending.update(key, { ...swap("a", "a"), expiresAt: clock.now() });
    expect(seen).toEqual([undefined]);
  });

  test("finds a session that moves between its two looks", async () => {
    await from.create(key, entry("a"));
    const slow = holding("from", "read", () => over().move(key));
    expect(await textIn(slow)).toBe("a");
  });

  test("takes over from a process that died with its claim, before that has ended", async () => {
    await from.create(key, entry("a"));
    await to.create(key, newClaim(clock.now() + 5000));
    expect(await textIn(store)).toBe("a");
    expect(await store.update(key, swap("a", "b"))).toEqual({ done: true });
    expect([await textIn(from), await textIn(to)]).toEqual([undefined, "b"]);
  });

  test("leaves no claim of a session that the new store refuses", async () => {
    await from.create(key, entry("a"));
    const update: Store["update"] = async (at, change) => {
      if ("value" in change && standingOf(change) === "parcel") throw new Error("too large");
      return to.update(at, change);
    };
    const refusing = over(from, withVerbs<Store>(to, { update }));
    await expect(refusing.update(key, swap("a", "b"))).rejects.toThrow("too large");
    expect([await textIn(from), await textIn(to)]).toEqual(["a", undefined]);
  });

  test("finishes what a process left that died behind its claim", async () => {
    await from.create(key, entry("old"));
    await to.create(key, parcelOf(entry("new")));
    expect(await textIn(store)).toBe("new");
    expect(await store.update(key, swap("new", "newer"))).toEqual({ done: true });
    expect([await textIn(from), await textIn(to)]).toEqual([undefined, "newer"]);
  });

  test("gives a session its new deadline, not the claim that a dead process left", async () => {
    await from.create(key, entry("a"));
    await to.create(key, newClaim(clock.now() + 5000));
    expect(await store.update(key, { expiresAt: clock.now() + 120_000 })).toEqual({ done: true });
    clock.advance(90_000);
    expect(await textIn(store)).toBe("a");
  });

  test("lists what a process left that died on its way once, as it is read", async () => {
    const both = migratingStore(from, to, { clock });
    const [claimed, carried] = [newKey(), newKey()];
    for (const each of [claimed, carried]) await from.create(each, entry("old"));
    await to.create(claimed, newClaim(clock.now() + 5000));
    await to.create(carried, parcelOf(entry("new")));
    const listed: unknown[] = [];
    for await (const [each, found] of both.list()) listed.push([each, text(found)]);
    expect(listed).toEqual([
      [claimed, "old"],
      [carried, "new"],
    ]);
  });

  test("logs out of both what a process left that died on its way", async () => {
    for (const left of [newClaim(clock.now() + 5000), parcelOf(entry("a"))]) {
      await from.create(key, entry("a"));
      await to.create(key, left);
      expect(await store.delete(key)).toBe(true);
      expect([await textIn(from), await textIn(to)]).toEqual([undefined, undefined]);
    }
  });

  test("counts a claim of which nothing can come as no session", async () => {
    await to.create(key, newClaim(clock.now() + 5000));
    expect(await store.read(key)).toBeUndefined();
    expect(await store.delete(key)).toBe(false);
    await to.create(key, newClaim(clock.now() + 5000));
    expect(await store.create(key, entry("a"))).toBe(true);
  });

  test("leaves a record where it is that it cannot convert", async () => {
    const convert = () => {
      throw new TypeError("no record");
    };
    const odd = migratingStore(from, to, { convert, clock });
    await from.create(key, entry("a"));
    expect(await odd.read(key)).toBeUndefined();
    expect(await odd.move(key)).toBe("gone");
    expect(await textIn(from)).toBe("a");
  });

  test("says of swaps and of abilities what its stores say", () => {
    const { create, read, update, delete: remove } = withVerbs(to, {});
    const verbs: Store = { create, read, update, delete: remove };
    expect(over(from, { ...verbs, capabilities: { swap: false } }).capabilities).toEqual({ swap: false });
    expect(over(verbs)).not.toHaveProperty("list");
    expect(over(from, verbs)).toHaveProperty("deleteExpired");
  });
});
