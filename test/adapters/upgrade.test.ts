/** Sessions of connections: opened, read again, changed. */
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Keyv } from "keyv";
import { describe, expect, test, vi } from "vitest";
import { fromUpgrade } from "../../src/adapters/upgrade.ts";
import { type Session, type SessionInterface, cookieSessions, nullSessions, sessions } from "../../src/index.ts";
import { flaskSession } from "../../src/flask/flask.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { temporaryDirectory } from "../stores/worker-directory.ts";
import { type Data, KEY, Visitor, memorySessions } from "../core/helpers.ts";
import { HOUR, connected, ends, increment, pass, requestOf } from "./upgrade-rig.ts";

describe("a live session", () => {
  test("is read from whatever holds the headers", async () => {
    const { browser, sessions: visits } = await connected();
    const cookie = browser.cookie ?? "";
    const requests = [{ headers: { cookie } }, new Request("http://example.test/", { headers: { cookie } })];
    for (const request of requests)
      expect({ ...(await fromUpgrade(visits, request)).session }).toMatchObject({ user: "ada" });
  });

  test.each([
    ["a Request of https", (cookie: string) => new Request("https://example.test/", { headers: { cookie } }), {}],
    ["an encrypted socket", (cookie: string) => ({ headers: { cookie }, socket: { encrypted: true } }), {}],
    ["a proxy's https", forwarded("https"), { trustProxy: true }],
    ["a proxy's wss", forwarded("wss"), { trustProxy: true }],
  ] as const)("is read by the name that its cookie has over https: %s", async (_name, requestWith, options) => {
    const { sessions: visits, visitor } = memorySessions();
    const browser = Object.assign(visitor(), { secure: true });
    await browser.visit((session) => Object.assign(session, { user: "ada" }));
    expect(browser.cookie).toMatch(/^__Host-/);
    const live = await fromUpgrade(visits, requestWith(browser.cookie ?? ""), options);
    expect(live.session["user"]).toBe("ada");
    live.close();
  });

  test("has what others changed once it is read again", async () => {
    const { live, other, store } = await connected();
    await other().visit((session) => void (session["cart"] = ["tea"]));
    expect(live.session["cart"]).toBeUndefined();
    store.take();
    expect(await live.refresh()).toBe(true);
    expect(live.session["cart"]).toEqual(["tea"]);
    expect(store.take()).toEqual({ create: 0, read: 1, update: 0, delete: 0 });
  });

  test("tells that there is none", async () => {
    const { sessions: visits, store } = memorySessions();
    const live = await fromUpgrade(visits, { headers: {} });
    const told = ends(live);
    expect([live.session.isNew, await live.refresh()]).toEqual([true, false]);
    await pass(3600);
    expect(told).toEqual([0]);
    expect(store.take()).toEqual({ create: 0, read: 0, update: 0, delete: 0 });
  });

  test("is empty once it has ended", async () => {
    const { live, other } = await connected();
    await other().visit((session) => session.destroy());
    expect(await live.refresh()).toBe(false);
    expect([{ ...live.session }, live.session.isNew, await live.refresh()]).toEqual([{}, true, false]);
  });

  test("is not lived longer by a look, but by an update", async () => {
    const { browser, clock, live } = await connected();
    clock.advance(0.4 * HOUR);
    await live.refresh();
    const { expiresAt } = live.session;
    await live.update(() => undefined);
    expect(live.session.expiresAt).toBe((expiresAt ?? 0) + 0.4 * HOUR);
    clock.advance(0.4 * HOUR);
    expect((await browser.open()).isNew).toBe(false);
  });

  test("rejects while the store is down, and says nothing of its end", async () => {
    const { live, store } = await connected();
    store.before = () => Promise.reject(new Error("down, on purpose"));
    await expect(live.refresh()).rejects.toMatchObject({ code: "STORE" });
    await expect(live.update(increment)).rejects.toMatchObject({ code: "STORE" });
    store.before = () => undefined;
    expect(await live.refresh()).toBe(true);
    expect(live.session["user"]).toBe("ada");
  });

  test("warns of a change that nobody saves", async () => {
    const { live } = await connected();
    Object.assign(live.session, { user: "eve" });
    const warned = once(process, "warning");
    expect(await live.refresh()).toBe(true);
    expect((await warned)[0]).toMatchObject({ code: "FLAGON_LIVE", message: expect.stringContaining("live.update") });
    expect(live.session["user"]).toBe("ada");
  });

  test.each([0, -1, NaN, Infinity, 2 ** 31])("cannot be looked at every %s seconds", async (pollEvery) => {
    const { sessions: visits } = memorySessions();
    const opening = fromUpgrade(visits, { headers: {} }, { pollEvery });
    await expect(opening).rejects.toMatchObject({ code: "CONFIG", message: expect.stringContaining("pollEvery") });
  });
});

function forwarded(proto: string) {
  return (cookie: string) => ({ headers: { cookie, "x-forwarded-proto": proto } });
}

describe("an update", () => {
  test("is a request's: it keeps what others changed, and is seen by all", async () => {
    const { browser, live, other } = await connected();
    await other().visit((session) => void (session["cart"] = ["tea"]));
    expect(await live.update(increment)).toEqual({ result: "saved", conflicts: [], tries: 1 });
    expect({ ...live.session }).toEqual({ user: "ada", n: 1, cart: ["tea"] });
    expect({ ...(await browser.open()) }).toEqual({ user: "ada", n: 1, cart: ["tea"] });
  });

  test("counts exactly among many, of one connection and of several", async () => {
    // Those who meet pause for a moment.
    vi.useRealTimers();
    const { connect, live, other } = await connected();
    const lives = [live, await connect(), await connect()];
    const visits = Array.from({ length: 5 }, () => other().visit(increment));
    await Promise.all([
      ...lives.flatMap((each) => Array.from({ length: 10 }, () => each.update(increment))),
      ...visits,
    ]);
    for (const each of lives) await each.refresh();
    expect(lives.map((each) => each.session["n"])).toEqual([35, 35, 35]);
  });

  test("is seen by its own connection when it is done, whatever else was under way", async () => {
    const { live } = await connected();
    await Promise.all([live.update(increment), live.refresh(), live.update((session) => void (session["last"] = 1))]);
    expect({ ...live.session }).toEqual({ user: "ada", n: 1, last: 1 });
  });

  test("waits for a change that takes its time, in which the session may be read again", async () => {
    const { live } = await connected();
    await live.update(async (session) => {
      expect(await live.refresh()).toBe(true);
      session["late"] = true;
    });
    expect(live.session["late"]).toBe(true);
  });

  test("saves nothing of a change that throws", async () => {
    const { live, store } = await connected();
    const change = (session: Session<Data>) => {
      session["user"] = "eve";
      throw new TypeError("on purpose");
    };
    await expect(live.update(change)).rejects.toThrow(TypeError);
    expect(store.take().update).toBe(0);
    expect(live.session["user"]).toBe("ada");
  });

  test("is refused when the session ended before, and while it ran", async () => {
    const { connect, live, other } = await connected();
    const second = await connect();
    const during = second.update(async (session) => {
      increment(session);
      await other().visit((theirs) => theirs.destroy());
    });
    await expect(during).rejects.toMatchObject({ code: "GONE" });
    await expect(live.update(increment)).rejects.toMatchObject({ code: "GONE" });
    expect([{ ...live.session }, { ...second.session }]).toEqual([{}, {}]);
    expect((await other().open()).isNew).toBe(true);
  });

  test.each([
    ["a session that begins", {}, increment],
    ["a new id", undefined, (session: Session<Data>) => session.regenerate()],
  ] as const)("is refused where it needs a cookie: %s", async (_name, headers, change) => {
    const { browser, sessions: visits, store } = await connected();
    const live = await fromUpgrade(visits, headers ? { headers } : requestOf(browser));
    await expect(live.update(change)).rejects.toMatchObject({ code: "LATE" });
    expect([store.take().create, await store.count()]).toEqual([0, 1]);
    expect((await browser.open())["user"]).toBe("ada");
  });

  test("may end the session, of which all connections hear", async () => {
    const { connect, live, store } = await connected();
    const told = ends(live, await connect());
    expect(await live.update((session) => session.destroy())).toMatchObject({ result: "ended" });
    await nextTurn();
    expect([told, await store.count()]).toEqual([[1, 1], 0]);
  });
});

describe("other kinds of session", () => {
  const over: Record<string, () => SessionInterface<Data>> = {
    "Flask's in a store": () =>
      flaskSession<Data>({
        SECRET_KEY: KEY,
        SESSION_TYPE: "cachelib",
        SESSION_CACHELIB: new Keyv({ throwOnErrors: true }),
      }),
    "one of somebody's own, which has the two methods alone": () => {
      const { open, save } = sessions<Data>({ store: memoryStore(), keys: { current: KEY } });
      return { open, save };
    },
  };

  test.each(Object.entries(over))("%s: read, changed, revoked", async (_name, make) => {
    const visits = make();
    const browser = new Visitor(visits);
    await browser.visit((session) => Object.assign(session, { user: "ada" }));
    const live = await fromUpgrade(visits, requestOf(browser));
    const told = ends(live);
    await live.update(increment);
    expect({ ...live.session }).toMatchObject({ user: "ada", n: 1 });
    await expect(live.update((session) => session.regenerate())).rejects.toMatchObject({ code: "LATE" });
    await pass(30);
    expect(told).toEqual([0]);
    await browser.visit((session) => session.destroy());
    await pass(30);
    expect([told, await live.refresh()]).toEqual([[1], false]);
  });

  test("Flask's tell at once although they clean up", async () => {
    const config = { SECRET_KEY: KEY, SESSION_TYPE: "filesystem", SESSION_FILE_DIR: temporaryDirectory() };
    const visits = flaskSession<Data>({ ...config, SESSION_CLEANUP_N_REQUESTS: 1000 });
    const browser = new Visitor(visits);
    await browser.visit((session) => Object.assign(session, { user: "ada" }));
    const live = await fromUpgrade(visits, requestOf(browser));
    const told = new Promise<void>((resolve) => live.onRevoked(resolve));
    await browser.visit((session) => session.clear());
    await told;
    expect([live.session.isNew, live.session["user"]]).toEqual([true, undefined]);
  });

  test("those in the cookie are read, end with their time, and cannot be changed", async () => {
    const { clock } = memorySessions();
    const visits = cookieSessions<Data>({ keys: { current: KEY }, clock });
    const browser = new Visitor(visits);
    await browser.visit((session) => Object.assign(session, { user: "ada" }));
    const live = await fromUpgrade(visits, requestOf(browser));
    const told = ends(live);
    expect([live.session["user"], await live.refresh()]).toEqual(["ada", true]);
    await expect(live.update((session) => void (session["user"] = "eve"))).rejects.toMatchObject({ code: "LATE" });
    await expect(live.update(increment)).rejects.toMatchObject({ code: "READ_ONLY" });
    clock.advance(25 * HOUR);
    await pass(30);
    expect(told).toEqual([1]);
  });

  test("null sessions are read only", async () => {
    const live = await fromUpgrade(nullSessions("no key yet"), { headers: {} });
    await expect(live.update((session) => void (session["user"] = "eve"))).rejects.toMatchObject({ code: "READ_ONLY" });
  });
});
