import { describe, expect, test } from "vitest";
import { type SessionError, sessions } from "../../src/index.ts";
import { holdBack, markFailed, markLate } from "../../src/core/state.ts";
import { KEY, type Visitor, memorySessions, setCookies } from "./helpers.ts";

const HOUR = 3600;
const GRACE = 10_000;

/** A visitor whose session's id is due to be renewed, and another who shows the same cookie to another process. */
async function due() {
  const setup = memorySessions({ renewEvery: HOUR, timeouts: { idle: 5 * HOUR, absolute: 24 * HOUR } });
  await setup.browser.visit((session) => Object.assign(session, { user: "ada", n: 0 }));
  const former = setup.browser.cookie;
  setup.clock.advance(HOUR * 1000);
  setup.store.take();
  const rival = Object.assign(setup.elsewhere(), { cookie: former });
  return { ...setup, former, rival };
}

const look = (visitor: Visitor) => visitor.visit((session) => void session["user"]);
const dataOf = async (visitor: Visitor) => ({ ...(await visitor.open()) });

describe("an id that has served its time", () => {
  test("is renewed by a request that looks at the session, and the data stays", async () => {
    const { browser, former, store } = await due();
    const saved = await look(browser);
    expect(setCookies(saved)).toHaveLength(1);
    expect(browser.cookie).not.toBe(former);
    expect(store.take()).toEqual({ read: 1, create: 1, update: 1, delete: 0 });
    expect(await dataOf(browser)).toEqual({ user: "ada", n: 0 });
  });

  test("is renewed once in its time", async () => {
    const { browser, clock, store } = await due();
    await look(browser);
    await look(browser);
    store.take();
    expect(setCookies(await look(browser))).toEqual([]);
    expect(store.take()).toEqual({ read: 1, create: 0, update: 0, delete: 0 });
    clock.advance(HOUR * 1000);
    expect(setCookies(await look(browser))).toHaveLength(1);
  });

  test("stays one millisecond before", async () => {
    const { browser, former, clock } = await due();
    clock.advance(-1);
    await look(browser);
    expect(browser.cookie).toBe(former);
  });

  test.each([
    ["nobody looks", holdBack],
    ["the handler threw", markFailed],
    ["the headers have left", markLate],
  ] as const)("stays when %s", async (_when, mark) => {
    const { browser, former, store } = await due();
    await browser.visit(mark);
    expect(browser.cookie).toBe(former);
    expect(store.take().create).toBe(0);
  });

  test("is renewed with the change of the request that renews it", async () => {
    const { browser, store } = await due();
    expect(await browser.visit((session) => session.update("n", (n) => Number(n) + 1))).toMatchObject({
      result: "saved",
    });
    expect(await dataOf(browser)).toEqual({ user: "ada", n: 1 });
    expect(await store.count()).toBe(2);
  });

  test("is followed until the browser has shown the new one, so that a lost response logs nobody out", async () => {
    const { browser, rival, clock } = await due();
    await look(browser);
    clock.advance(HOUR * 1000 - 1);
    expect(await dataOf(rival)).toEqual({ user: "ada", n: 0 });
    const saved = await look(rival);
    expect(setCookies(saved)).toHaveLength(1);
    expect(rival.cookie).toBe(browser.cookie);
  });

  test("is followed 10 seconds longer, and then dead", async () => {
    const { browser, clock, rival, store } = await due();
    await look(browser);
    await look(browser);
    clock.advance(GRACE - 1);
    expect(await dataOf(rival)).toEqual({ user: "ada", n: 0 });
    clock.advance(1);
    expect(await dataOf(rival)).toEqual({});
    expect(await store.count()).toBe(1);
  });

  test("cannot be kept alive by a request that read it before it moved", async () => {
    const { browser, clock, elsewhere, former, rival } = await due();
    const slow = await rival.open();
    await look(browser);
    await look(browser);
    await rival.save(slow);
    clock.advance(GRACE);
    expect(await dataOf(Object.assign(elsewhere(), { cookie: former }))).toEqual({});
  });

  test("is not told by the store: neither record holds an id", async () => {
    const { browser, store } = await due();
    const ids: string[] = [];
    const { create, update } = store;
    const written: string[] = [];
    const note = (bytes: Uint8Array) => written.push(Buffer.from(bytes).toString("latin1"));
    store.create = (key, entry) => (note(entry.value), create(key, entry));
    store.update = (key, change) => ("value" in change && note(change.value), update(key, change));
    for (let round = 0; round < 2; round++) {
      ids.push((await browser.open()).id);
      await look(browser);
    }
    expect(written.length).toBeGreaterThan(1);
    expect(written.filter((text) => ids.some((id) => text.includes(id)))).toEqual([]);
  });
});

describe("two requests with an id that is due", () => {
  test("that both renew it share the one of the first, and both changes", async () => {
    const { browser, rival, store } = await due();
    const [first, second] = [await browser.open(), await rival.open()];
    first.update("n", (n) => Number(n) + 1);
    second.update("n", (n) => Number(n) + 1);
    await browser.save(first);
    expect(await rival.save(second)).toMatchObject({ result: "merged" });
    expect(rival.cookie).toBe(browser.cookie);
    expect(await dataOf(browser)).toEqual({ user: "ada", n: 2 });
    expect(await store.count()).toBe(2);
  });

  test("that are saved at once leave one live id", async () => {
    for (let round = 0; round < 20; round++) {
      const { browser, rival, store } = await due();
      const [first, second] = [await browser.open(), await rival.open()];
      first["a"] = 1;
      second["b"] = 2;
      await Promise.all([browser.save(first), rival.save(second)]);
      expect(rival.cookie).toBe(browser.cookie);
      expect(await dataOf(browser)).toEqual({ user: "ada", n: 0, a: 1, b: 2 });
      expect(await store.count()).toBe(2);
    }
  });

  test("keep a change that was saved under the old one meanwhile", async () => {
    const { browser, rival, store } = await due();
    const slow = await rival.open();
    slow["slow"] = 1;
    let saved: Promise<unknown> | undefined;
    store.before = async (verb) => {
      if (verb === "create") {
        store.before = () => undefined;
        await (saved = rival.save(slow));
      }
    };
    await look(browser);
    await saved;
    expect(await dataOf(browser)).toMatchObject({ slow: 1 });
  });
});

describe("a renewed id is not followed across", () => {
  test("a login: whoever holds the old id or the one between is anonymous", async () => {
    const { browser, rival, elsewhere } = await due();
    await look(browser);
    const between = Object.assign(elsewhere(), { cookie: browser.cookie });
    await browser.visit((session) => {
      session.regenerate();
      session["role"] = "admin";
    });
    expect(await dataOf(browser)).toEqual({ user: "ada", n: 0, role: "admin" });
    expect(await dataOf(rival)).toEqual({});
    expect(await dataOf(between)).toEqual({});
  });

  test("a login that a request under way would change: that is gone", async () => {
    const { browser, rival, store } = await due();
    const slow = await rival.open();
    slow["slow"] = 1;
    await look(browser);
    await browser.visit((session) => session.regenerate());
    store.take();
    expect(await rival.save(slow)).toMatchObject({ result: "gone", headers: [["Vary", "Cookie"]] });
    expect(await dataOf(browser)).toEqual({ user: "ada", n: 0 });
  });

  test("a logout, whichever id it came with", async () => {
    for (const who of ["browser", "rival"] as const) {
      const setup = await due();
      await look(setup.browser);
      const cookies = [setup.former, setup.browser.cookie];
      await setup[who].visit((session) => session.destroy());
      for (const cookie of cookies) expect(await dataOf(Object.assign(setup.elsewhere(), { cookie }))).toEqual({});
    }
  });

  test("a logout that had read the old id before it moved", async () => {
    const { browser, rival } = await due();
    const leaving = await rival.open();
    leaving.destroy();
    await look(browser);
    await rival.save(leaving);
    expect(await dataOf(browser)).toEqual({});
  });

  test("a login that had read the old id before it moved: that takes the session along", async () => {
    const { browser, rival } = await due();
    const login = await rival.open();
    login.regenerate();
    login["role"] = "admin";
    await browser.visit((session) => (session["seen"] = true));
    await rival.save(login);
    expect(await dataOf(rival)).toEqual({ user: "ada", n: 0, seen: true, role: "admin" });
    expect(await dataOf(browser)).toEqual({});
  });
});

test("a reply that is lost while an id is renewed loses no session", async () => {
  for (const verb of ["create", "update"] as const) {
    const { browser, store, rival } = await due();
    const whole = store[verb] as (...given: unknown[]) => Promise<unknown>;
    Object.assign(store, {
      [verb]: async (...given: unknown[]) => {
        Object.assign(store, { [verb]: whole });
        await whole(...given);
        throw new Error("ECONNRESET");
      },
    });
    const outcome = await look(browser).catch((error: unknown) => error as SessionError);
    expect("code" in outcome ? outcome.code : outcome.result).toBe(verb === "create" ? "STORE" : "unchanged");
    expect(await dataOf(rival)).toEqual({ user: "ada", n: 0 });
  }
});

test("renewEvery is a positive number of seconds, over a store that can swap", () => {
  const renewing = (renewEvery: number) => () => memorySessions({ renewEvery });
  expect(renewing(0)).toThrow("renewEvery is 0; give a positive number of seconds");
  expect(renewing(Number.NaN)).toThrow("renewEvery is NaN");
  const store = Object.assign(memorySessions().store, { capabilities: { swap: false } });
  expect(() => sessions({ store, keys: { current: KEY }, renewEvery: 60 })).toThrow(
    "renewEvery needs a store that can",
  );
});
