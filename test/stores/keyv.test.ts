import { randomUUID } from "node:crypto";
import KeyvRedis, { createClient, createKeyv, type RedisClientType } from "@keyv/redis";
import { Keyv } from "keyv";
import { beforeAll, describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../src/clock.ts";
import { nameOf } from "../../src/stores/internal/record.ts";
import { keyvStore } from "../../src/stores/keyv.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { bytes } from "../../src/testing/internal/stage.ts";
import { testListable, testStore, testSweepable } from "../../src/testing/store-suite.ts";
import { engine, has, untilTheEnd } from "../engines.ts";
import {
  able,
  testForeign,
  outcomes,
  OUTAGE,
  listed,
  testDeadlines,
  testOutage,
  FAIL_AT_ONCE,
} from "./bridge-helpers.ts";
import { entry } from "./entries.ts";
import { connected } from "./redis-clients.ts";

describe("keyv store over a Map", () => {
  const open = (clock: Clock) => able(keyvStore(new Keyv({ throwOnErrors: true }), { clock }));
  testStore({ test, open });
  testListable({ test, open });
  testSweepable({ test, open });
  testDeadlines(() => open(systemClock));

  test("counts what Keyv itself drops as it is looked for", async () => {
    const map = new Map<string, unknown>();
    const store = able(keyvStore(new Keyv({ store: map, throwOnErrors: true })));
    await store.create("gone", { value: bytes("a"), expiresAt: Date.now() + 1 });
    await store.create("kept", entry("a"));
    await expect.poll(() => store.deleteExpired()).toBe(1);
    expect(map.size).toBe(1);
  });

  const foreign = [JSON.stringify({ value: "text" }), JSON.stringify({ value: { a: 1 } }), { value: 5 }];
  testForeign(foreign, async (found) => {
    const store = new Map([[`keyv:${nameOf("key")}`, found]]);
    return able(keyvStore(new Keyv({ store, throwOnErrors: true })));
  });

  test("lists its own among what others keep under the same names", async () => {
    const map = new Map<string, unknown>();
    const [ours, theirs] = ["ours", "theirs"].map(
      (namespace) => new Keyv({ store: map, namespace, throwOnErrors: true }),
    );
    const store = able(keyvStore(ours as Keyv));
    await store.create("key", entry("a"));
    await keyvStore(theirs as Keyv).create("key", entry("b"));
    await ours?.set("setting", { dark: true });
    expect(await listed(store)).toEqual([["key", "a"]]);
  });
});

describe.skipIf(!has("redis"))("keyv store over Redis", () => {
  let client: RedisClientType;
  beforeAll(async () => {
    const { url } = await engine("redis");
    ({ client } = await untilTheEnd(connected(createClient({ url }) as RedisClientType)));
    // Each adapter listens.
    client.setMaxListeners(0);
  });

  const kinds: Record<string, () => Keyv> = {
    "an adapter": () =>
      new Keyv(new KeyvRedis(client, { throwOnErrors: true }), { namespace: randomUUID(), throwOnErrors: true }),
    createKeyv: () => createKeyv(client, { namespace: randomUUID(), throwOnErrors: true }),
  };
  describe.each(Object.entries(kinds))("through %s", (_name, make) => {
    const open = (clock: Clock) => able(keyvStore(make(), { clock }));
    testStore({ test, open });
    testListable({ test, open });
    testSweepable({ test, open });
    testDeadlines(() => open(systemClock));

    test("has Redis forget an entry by itself", async () => {
      const [clock, key] = [manualClock(), randomUUID()];
      await open(clock).create(key, { ...entry("a"), expiresAt: clock.now() + 60_000 });
      const [name] = await client.keys(`*${nameOf(key)}`);
      expect(await client.ttl(name ?? "")).toBe(60);
    });

    test("rejects what Keyv cannot read, which might be a failure, and does not quote it", async () => {
      const [store, key] = [open(systemClock), randomUUID()];
      await store.create(key, entry("a"));
      const [name] = await client.keys(`*${nameOf(key)}`);
      await client.set(name ?? "", "{ torn");
      await expect(store.read(key)).rejects.toThrow(/^the engine gave what cannot be read$/);
    });
  });
});

describe("keyv store", () => {
  testOutage(async (url) => {
    const adapter = new KeyvRedis({ url, ...FAIL_AT_ONCE }, { throwOnErrors: true });
    const keyv = new Keyv(adapter, { throwOnErrors: true });
    await untilTheEnd(Promise.resolve({ stop: () => keyv.disconnect() }));
    return keyvStore(keyv);
  });
});

describe("keyv store over an adapter that fails", () => {
  /** Tells its failures as events and answers as if there were nothing, as adapters may and as Keyv 6 does. */
  class Silent extends Map<string, unknown> {
    fails = false;
    #listener: (error: unknown) => void = () => undefined;
    on(_event: "error", listener: (error: unknown) => void): void {
      this.#listener = listener;
    }
    override get(key: string): unknown {
      return this.#ifUp(() => super.get(key));
    }
    override set(key: string, value: unknown): this {
      this.#ifUp(() => super.set(key, value));
      return this;
    }
    override delete(key: string): boolean {
      return this.#ifUp(() => super.delete(key)) ?? false;
    }
    #ifUp<T>(act: () => T): T | undefined {
      if (!this.fails) return act();
      this.#listener(new Error("down"));
      return undefined;
    }
  }

  test("rejects where it only tells of an error that somebody listens to", async () => {
    const silent = new Silent();
    const keyv = new Keyv({ store: silent, throwOnErrors: true }).on("error", () => undefined);
    const store = keyvStore(keyv);
    await store.create("key", entry("a"));
    silent.fails = true;
    expect(await outcomes(store)).toEqual(OUTAGE);
    silent.fails = false;
    expect(await store.read("key")).toMatchObject({ value: Buffer.from("a") });
  });

  test("rejects where a value was not kept", async () => {
    const full = Object.assign(new Map(), { set: () => false });
    const store = keyvStore(new Keyv({ store: full, throwOnErrors: true }));
    await expect(store.create("key", entry("a"))).rejects.toThrow("did not keep");
  });
});

describe("keyv store without Keyv", () => {
  const deaf = new Keyv({ store: new KeyvRedis("redis://127.0.0.1:1"), throwOnErrors: true });
  test.each([undefined, null, "redis://localhost", {}, new Map(), new Keyv(), deaf])("refuses %o", (keyv) => {
    expect(() => keyvStore(keyv as never)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });

  test("refuses a clock that is none", () => {
    expect(() => keyvStore(new Keyv({ throwOnErrors: true }), { clock: 5 as never })).toThrow(
      expect.objectContaining({ code: "CONFIG" }),
    );
  });

  test("does not claim to list where the adapter cannot", () => {
    const { get, set, delete: remove, clear } = new Map();
    const bare = { get, set, delete: remove, clear };
    const store = keyvStore(new Keyv({ store: bare, throwOnErrors: true }));
    expect(store).not.toHaveProperty("list");
    expect(store).not.toHaveProperty("deleteExpired");
    expect(store.capabilities).toEqual({ swap: false });
  });
});
