/** Connections whose session ends, here or elsewhere, or gets another id. */
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { fromUpgrade } from "../../src/adapters/upgrade.ts";
import type { Session } from "../../src/index.ts";
import { type Data, eventsOf, memorySessions } from "../core/helpers.ts";
import { HOUR, SECOND, connected, ends, increment, pass, requestOf } from "./upgrade-rig.ts";

describe("the end of a session", () => {
  const ENDS: Record<string, (session: Session<Data>) => void> = {
    destroyed: (session) => session.destroy(),
    emptied: (session) => session.clear(),
    "given a new id at a login": (session) => session.regenerate(),
  };

  test.each(Object.entries(ENDS))("is told at once in this process: %s", async (_name, end) => {
    const { browser, connect, live, store } = await connected();
    const told = ends(live, await connect());
    await browser.visit(end);
    await nextTurn();
    expect(told).toEqual([1, 1]);
    store.take();
    await pass(300);
    expect([told, store.take().read]).toEqual([[1, 1], 0]);
  });

  test.each(Object.entries(ENDS))("is told at the next look in another: %s", async (_name, end) => {
    const { live, other } = await connected();
    const told = ends(live);
    await other().visit(end);
    await pass(29);
    expect(told).toEqual([0]);
    await pass(1);
    expect([told, { ...live.session }]).toEqual([[1], {}]);
  });

  test("is told when its time has come, by the clock of the sessions", async () => {
    const { clock, live } = await connected({ pollEvery: 5 });
    const told = ends(live);
    clock.advance(0.5 * HOUR - 1);
    await pass(5);
    expect(told).toEqual([0]);
    clock.advance(1);
    await pass(5);
    expect(told).toEqual([1]);
  });

  test("is told to whoever asks later, and to all although one throws", async () => {
    const { live, other } = await connected();
    await other().visit((session) => session.destroy());
    await live.refresh();
    const runners = process.listeners("uncaughtException");
    process.removeAllListeners("uncaughtException");
    const thrown = once(process, "uncaughtException");
    live.onRevoked(() => {
      throw new TypeError("on purpose");
    });
    const told = ends(live);
    const [error] = await thrown;
    for (const listener of runners) process.on("uncaughtException", listener);
    expect(error).toBeInstanceOf(TypeError);
    expect(told).toEqual([1]);
  });

  test("is not told to a connection that was closed", async () => {
    const { browser, connect, live, store } = await connected();
    const second = await connect();
    const told = ends(live, second);
    live.close();
    second.close();
    store.take();
    await pass(300);
    expect(store.take().read).toBe(0);
    await browser.visit((session) => session.destroy());
    await pass(300);
    expect(told).toEqual([0, 0]);
  });

  test("leaves no timer behind", async () => {
    const { connect, live } = await connected({}, { renewEvery: 3600 });
    live.close();
    const before = vi.getTimerCount();
    const [one, two] = [await connect(), await connect()];
    expect(vi.getTimerCount()).toBe(before + 2);
    one.close();
    expect(vi.getTimerCount()).toBe(before + 2);
    two.close();
    expect(vi.getTimerCount()).toBe(before);
  });

  test("is no outage", async () => {
    const { live, other, store } = await connected();
    const told = ends(live);
    store.before = () => Promise.reject(new Error("down, on purpose"));
    const events = await eventsOf(() => pass(90));
    expect(events.map(({ type }) => type)).toEqual(["failed", "failed", "failed"]);
    expect(told).toEqual([0]);
    store.before = () => undefined;
    await other().visit((session) => session.destroy());
    await pass(30);
    expect(told).toEqual([1]);
  });

  test("costs one read a session and interval, however many connections there are", async () => {
    const { sessions: visits, store, visitor } = memorySessions();
    for (let index = 0; index < 3; index++) {
      const browser = visitor();
      await browser.visit((session) => Object.assign(session, { index }));
      for (let tab = 0; tab < 5; tab++) await fromUpgrade(visits, requestOf(browser), { pollEvery: 10 });
    }
    store.take();
    await pass(10);
    expect(store.take()).toEqual({ create: 0, read: 3, update: 0, delete: 0 });
    await pass(60);
    expect(store.take().read).toBe(18);
  });

  test("is seen although it came while a look was under way", async () => {
    const { browser, live, store } = await connected();
    const told = ends(live);
    let act: (() => Promise<unknown>) | undefined = () => browser.visit((session) => session.destroy());
    const read = store.read;
    // What the look read is older than the end.
    store.read = async (key) => {
      const entry = await read(key);
      const now = act;
      act = undefined;
      await now?.();
      return entry;
    };
    await pass(30);
    expect(told).toEqual([1]);
  });
});

describe("an id that is renewed", () => {
  const due = { renewEvery: 3600, timeouts: { idle: 18_000, absolute: 86_400 } };

  test.each(["here", "elsewhere"])("is followed, and its session is not over: %s", async (where) => {
    const { browser, clock, connect, live, other, sessions: visits, store } = await connected({}, due);
    const told = ends(live, await connect());
    clock.advance(HOUR);
    const tab = where === "here" ? browser : other();
    const former = tab.cookie;
    await tab.visit((session) => void session["user"]);
    expect(tab.cookie).not.toBe(former);
    for (let seconds = 0; seconds < 60; seconds += 5) {
      await tab.visit((session) => void session["user"]);
      await pass(5);
      clock.advance(5 * SECOND);
    }
    expect((await Object.assign(other(), { cookie: former }).open()).isNew).toBe(true);
    expect([await live.refresh(), live.session["user"], told]).toEqual([true, "ada", [0, 0]]);
    await live.update(increment);
    const third = await fromUpgrade(visits, requestOf(tab));
    store.take();
    await pass(5);
    expect(store.take().read).toBe(1);
    await tab.visit((session) => session.destroy());
    await pass(30);
    expect([told, await third.refresh()]).toEqual([[1, 1], false]);
  });

  test("is not confirmed for a browser that has not shown it", async () => {
    const { browser, clock, live, other } = await connected({}, due);
    clock.advance(HOUR);
    // The answer to this is lost.
    await other().visit((session) => void session["user"]);
    await pass(5);
    await live.update(increment);
    clock.advance(60 * SECOND);
    expect((await browser.open())["n"]).toBe(1);
  });
});
