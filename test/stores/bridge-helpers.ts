/** What the tests of the bridges share. */
import { randomUUID } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, test, vi } from "vitest";
import { EVENTS, type SessionEvent } from "../../src/events.ts";
import type { Listable, Store, Sweepable } from "../../src/store.ts";
import { bytes } from "../../src/testing/internal/stage.ts";
import { canStart, startRedis, untilTheEnd } from "../engines.ts";
import { entry } from "./entries.ts";

const MINUTE = 60_000;

/** An entry that lives for a minute. */
/** A store that has to have the abilities. */
export function able(store: Store & Partial<Listable & Sweepable>): Store & Listable & Sweepable {
  expect(store).toMatchObject({ list: expect.any(Function), deleteExpired: expect.any(Function) });
  return store as Store & Listable & Sweepable;
}

/** What a store lists, as texts. */
export async function listed(store: Listable): Promise<[key: string, text: string][]> {
  const found: [string, string][] = [];
  for await (const [key, { value }] of store.list()) found.push([key, Buffer.from(value).toString()]);
  return found;
}

/** What is told meanwhile. */
async function eventsWhile(act: () => Promise<void>): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  const listen = (event: unknown) => events.push(event as SessionEvent);
  subscribe(EVENTS, listen);
  await act().finally(() => unsubscribe(EVENTS, listen));
  return events;
}

/** What becomes of each verb: `fulfilled` or `rejected`. */
export async function outcomes(store: Store): Promise<string[]> {
  const change = { ...entry("b"), before: bytes("a") };
  const verbs = [store.create("key", entry("a")), store.read("key"), store.update("key", change), store.delete("key")];
  return (await Promise.allSettled(verbs)).map(({ status }) => status);
}

/** What `outcomes` are when the engine is down. */
export const OUTAGE = ["rejected", "rejected", "rejected", "rejected"];

/** Holds a store, in which others left something under `key`, to counting it as none. */
export function testForeign(
  found: readonly unknown[],
  open: (found: unknown) => Promise<Store & Listable & Sweepable>,
): void {
  test.each(found.map((each) => [each]))("counts %j as none, and tells of it", async (each) => {
    const store = await open(each);
    const events = await eventsWhile(async () => expect(await store.read("key")).toBe(undefined));
    expect(events).toEqual([expect.objectContaining({ type: "unreadable" })]);
    expect(await store.update("key", { expiresAt: Date.now() + MINUTE })).toEqual({ done: false, current: undefined });
    expect(await store.delete("key")).toBe(false);
    expect(await store.deleteExpired()).toBe(0);
    expect(await listed(store)).toEqual([]);
    expect(await store.create("key", entry("a"))).toBe(true);
    expect(await listed(store)).toEqual([["key", "a"]]);
  });
}

/** Deadlines that an engine's own idea of time might stumble over. */
export function testDeadlines(open: () => Store): void {
  test.each([Number.NaN, -Infinity, Infinity, Number.MAX_VALUE, 0.5])("keeps to the deadline %d", async (expiresAt) => {
    const [store, key] = [open(), randomUUID()];
    const expected = expiresAt > 1 ? { value: Buffer.from("a"), expiresAt } : undefined;
    await store.create(key, { ...entry("a"), expiresAt });
    expect(await store.read(key)).toEqual(expected);
    await store.create(key, entry("a"));
    await store.update(key, { ...entry("a"), before: bytes("a"), expiresAt });
    expect(await store.read(key)).toEqual(expected);
    await store.delete(key);
  });
}

/** Makes clients of node-redis fail at once while Redis is down, and come back soon after it. */
export const FAIL_AT_ONCE = { disableOfflineQueue: true, socket: { reconnectStrategy: 20 } };

/** Holds a bridge over Redis to what an outage has to be: a failure, and over when Redis is back. */
export function testOutage(open: (url: string) => Promise<Store>): void {
  describe.skipIf(!canStart("redis"))("over a Redis that fails", () => {
    test("rejects while Redis is down, and goes on when it is back", async () => {
      const mortal = await startRedis();
      const store = await open(mortal.url);
      await store.create("key", entry("a"));
      process.kill(mortal.pid, "SIGKILL");
      await mortal.stop();
      expect(await outcomes(store)).toEqual(OUTAGE);

      await untilTheEnd(startRedis({ port: mortal.port }));
      await vi.waitFor(() => store.read("key"), { timeout: 10_000 });
      expect(await store.create("key", entry("a"))).toBe(true);
    });
  });
}
