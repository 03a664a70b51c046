import { describe, expect, test } from "vitest";
import { holdBack, markFailed } from "../../src/core/state.ts";
import { sha256 } from "../../src/crypto/bytes.ts";
import { KEY, OTHER_KEY, START, Visitor, anonymous, eventsOf, memorySessions, setCookies } from "./helpers.ts";
import { sessions as createSessions } from "../../src/index.ts";

const NOTHING = { create: 0, read: 0, update: 0, delete: 0 };

async function loggedIn(...options: Parameters<typeof memorySessions>) {
  const setup = memorySessions(...options);
  await setup.browser.visit((session) => {
    session["user"] = "ada";
  });
  setup.store.take();
  return setup;
}

describe("what a request costs", () => {
  test("nothing, without a cookie and without data", async () => {
    const { browser, store } = memorySessions();
    const saved = await browser.visit((session) => session.get("user"));
    expect(saved).toEqual({ result: "unchanged", conflicts: [], tries: 0, headers: [["Vary", "Cookie"]] });
    expect(store.take()).toEqual(NOTHING);
  });

  test("nothing at all, when nobody looked", async () => {
    const { sessions, store } = memorySessions();
    const session = await sessions.open(anonymous);
    holdBack(session);
    expect((await sessions.save(session)).headers).toEqual([]);
    expect(store.take()).toEqual(NOTHING);
  });

  test.each([
    ["malformed", () => "sid=nonsense"],
    ["forged", () => `sid=${"A".repeat(43)}.${"B".repeat(43)}`],
    ["an id without a signature", (cookie: string) => cookie.slice(0, cookie.lastIndexOf("."))],
    ["a changed id", (cookie: string) => cookie.replace(/=./, (start) => `=${start === "=A" ? "B" : "A"}`)],
    ["truncated", (cookie: string) => cookie.slice(0, -1)],
    ["oversized", () => `sid=${"x".repeat(16_000)}`],
    ["not ASCII", () => "sid=\u00e9\u00ff"],
    ["empty", () => "sid="],
  ])("no store call for a cookie that is %s", async (_kind, spoil) => {
    const { browser, store } = await loggedIn();
    browser.cookie = spoil(browser.cookie ?? "");
    const session = await browser.open();
    expect(session.isNew).toBe(true);
    expect(setCookies(await browser.save(session))).toEqual([]);
    expect(store.take()).toEqual(NOTHING);
  });

  test("one read for a look", async () => {
    const { browser, store } = await loggedIn();
    const saved = await browser.visit((session) => expect(session["user"]).toBe("ada"));
    expect(setCookies(saved)).toEqual([]);
    expect(store.take()).toEqual({ ...NOTHING, read: 1 });
  });

  test("one read and one write for a change, and no cookie", async () => {
    const { browser, store } = await loggedIn();
    const saved = await browser.visit((session) => {
      (session["cart"] as unknown[] | undefined) ??= [];
      (session["cart"] as unknown[]).push("tea");
    });
    expect(saved.result).toBe("saved");
    expect(setCookies(saved)).toEqual([]);
    expect(store.take()).toEqual({ ...NOTHING, read: 1, update: 1 });
  });

  test("one read and two writes for a login", async () => {
    const { browser, store } = await loggedIn();
    const saved = await browser.visit((session) => session.regenerate());
    expect(setCookies(saved)).toHaveLength(1);
    expect(store.take()).toEqual({ ...NOTHING, read: 1, create: 1, update: 1 });
  });

  test("one touch in a tenth of the idle time", async () => {
    const { browser, store, clock } = await loggedIn({ timeouts: { idle: 600 } });
    clock.advance(59_999);
    await browser.visit(() => undefined);
    expect(store.take()).toEqual({ ...NOTHING, read: 1 });
    clock.advance(1);
    await browser.visit(() => undefined);
    await browser.visit(() => undefined);
    expect(store.take()).toEqual({ ...NOTHING, read: 2, update: 1 });
  });
});

describe("a change", () => {
  test("inside a value is found", async () => {
    const { browser } = memorySessions();
    await browser.visit((session) => {
      session["cart"] = { items: [{ name: "tea", count: 1 }] };
    });
    await browser.visit((session) => {
      for (const item of (session["cart"] as { items: { count: number }[] }).items) item.count = 2;
    });
    expect((await browser.open())["cart"]).toEqual({ items: [{ name: "tea", count: 2 }] });
  });

  test("is not written when modified is set to false, and is when it is set to true", async () => {
    const { browser, store } = await loggedIn();
    await browser.visit((session) => {
      session["user"] = "eve";
      session.modified = false;
    });
    expect(store.take().update).toBe(0);
    await browser.visit((session) => {
      session.modified = true;
    });
    expect(store.take().update).toBe(1);
    expect((await browser.open())["user"]).toBe("ada");
  });

  test("tells of itself", async () => {
    const { browser, visitor } = await loggedIn();
    const anew = await visitor().open();
    expect(anew.modified).toBe(false);
    anew["user"] = "bob";
    expect(anew.modified).toBe(true);

    const session = await browser.open();
    expect(session.modified).toBe(false);
    session["user"] = "bob";
    expect(session.modified).toBe(true);
  });

  test("after a save is found by the next", async () => {
    const { sessions, browser, store } = await loggedIn();
    const session = await browser.open();
    session["step"] = 1;
    await sessions.save(session);
    session["step"] = 2;
    expect((await sessions.save(session)).result).toBe("saved");
    expect((await sessions.save(session)).result).toBe("unchanged");
    expect(store.take().update).toBe(2);
    expect((await browser.open())["step"]).toBe(2);
  });
});

describe("an id", () => {
  test("is random, unknown to the store and to the cookie's reader of another key", async () => {
    const { browser, store, sessions } = memorySessions();
    const session = await sessions.open(anonymous);
    session["user"] = "ada";
    await browser.save(session);
    expect(session.id).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(store.keys).toEqual([sha256(session.id)]);

    const others = createSessions({ store, keys: { current: OTHER_KEY } });
    expect((await others.open(browser.request)).isNew).toBe(true);
  });

  test("that is taken is replaced, and nobody's session with it", async () => {
    const { browser, visitor, store } = await loggedIn();
    const create = store.create;
    let refused = 0;
    store.create = (key, entry) => (refused++ === 0 ? Promise.resolve(false) : create(key, entry));
    const other = visitor();
    await other.visit((session) => {
      session["user"] = "bob";
    });
    expect((await other.open())["user"]).toBe("bob");
    expect((await browser.open())["user"]).toBe("ada");
  });

  test("is never taken from a browser", async () => {
    const { sessions, browser } = memorySessions();
    const stolen = await sessions.open(anonymous);
    stolen["user"] = "eve";
    await browser.save(stolen);
    const id = stolen.id;
    stolen.destroy();
    await sessions.save(stolen);
    const session = await browser.open();
    session["user"] = "ada";
    await browser.save(session);
    expect(session.id).not.toBe(id);
  });

  test("signed with a previous key is signed anew", async () => {
    const { browser, store, clock } = await loggedIn();
    const rotated = createSessions<Record<string, unknown>>({
      store,
      clock,
      keys: { current: OTHER_KEY, previous: [KEY] },
    });
    const after = new Visitor(rotated);
    after.cookie = browser.cookie;
    const saved = await after.visit((session) => expect(session["user"]).toBe("ada"));
    expect(setCookies(saved)).toHaveLength(1);
    const dropped = new Visitor(createSessions({ store, clock, keys: { current: OTHER_KEY } }));
    dropped.cookie = after.cookie;
    expect((await dropped.open())["user"]).toBe("ada");
    dropped.cookie = browser.cookie;
    expect((await dropped.open()).isNew).toBe(true);
  });
});

describe("a login", () => {
  test("takes the data along, and kills the old id", async () => {
    const { browser, visitor } = await loggedIn();
    const thief = visitor();
    thief.cookie = browser.cookie;
    await browser.visit((session) => {
      session.regenerate();
      session["role"] = "admin";
    });
    expect({ ...(await browser.open()) }).toEqual({ user: "ada", role: "admin" });
    expect((await thief.open()).isNew).toBe(true);
  });

  test("keeps what another request saved meanwhile", async () => {
    const { browser, visitor } = await loggedIn();
    const tab = visitor();
    tab.cookie = browser.cookie;
    const login = await browser.open();
    await tab.visit((session) => {
      session["cart"] = ["tea"];
    });
    login.regenerate();
    login["role"] = "admin";
    const saved = await browser.save(login);
    expect(saved).toMatchObject({ result: "merged", tries: 2 });
    expect({ ...(await browser.open()) }).toEqual({ user: "ada", cart: ["tea"], role: "admin" });
    expect((await tab.open()).isNew).toBe(true);
  });

  test("fails when the session ended elsewhere, and leaves no record", async () => {
    const { browser, visitor, store } = await loggedIn();
    const tab = visitor();
    tab.cookie = browser.cookie;
    const login = await browser.open();
    await tab.visit((session) => session.clear());
    login.regenerate();
    await expect(browser.save(login)).rejects.toMatchObject({ code: "GONE", status: 409 });
    expect(await store.count()).toBe(0);
  });

  test("takes another id when the first is taken, and leaves the other's session alone", async () => {
    const { browser, visitor, store } = await loggedIn();
    const other = visitor();
    await other.visit((session) => {
      session["user"] = "bob";
    });
    const taken = store.keys.at(-1);
    const { create } = store;
    const asked: string[] = [];
    store.create = (key, entry) => create(asked.push(key) === 1 ? (taken ?? "") : key, entry);
    await browser.visit((session) => session.regenerate());
    expect(asked).toHaveLength(2);
    expect((await browser.open())["user"]).toBe("ada");
    expect((await other.open())["user"]).toBe("bob");
  });

  test.each(["create", "update"] as const)("is all or nothing when %s fails", async (verb) => {
    const { browser, store } = await loggedIn();
    const login = await browser.open();
    login.regenerate();
    store.before = (asked) => {
      if (asked === verb) throw new Error("out of memory");
      store.before = asked === "create" || asked === "update" ? store.before : () => undefined;
    };
    await expect(browser.save(login)).rejects.toMatchObject({ code: "STORE" });
    store.before = () => undefined;
    expect(await store.count()).toBe(1);
    expect((await browser.open())["user"]).toBe("ada");
  });
});

describe("a logout", () => {
  test.each([
    ["clear", "clear"],
    ["destroy", "destroy"],
  ] as const)("by %s removes record and cookie", async (_name, control) => {
    const { browser, visitor, store } = await loggedIn();
    const copy = visitor();
    copy.cookie = browser.cookie;
    const saved = await browser.visit((session) => session[control]());
    expect(saved.result).toBe("ended");
    expect(setCookies(saved)).toEqual([
      "sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; Path=/; SameSite=Lax",
    ]);
    expect(await store.count()).toBe(0);
    expect((await copy.open()).isNew).toBe(true);
  });

  test("is final: what is set after destroy is not kept", async () => {
    const { browser, store } = await loggedIn();
    await browser.visit((session) => {
      session.destroy();
      session["user"] = "eve";
    });
    expect(await store.count()).toBe(0);
  });

  test("sends nothing to a visitor who has no session", async () => {
    const { browser, store } = memorySessions();
    expect(setCookies(await browser.visit((session) => session.clear()))).toEqual([]);
    expect(setCookies(await browser.visit((session) => session.destroy()))).toEqual([]);
    expect(store.take()).toEqual(NOTHING);
  });

  test.each([
    ["a write", (session: Record<string, unknown>) => (session["late"] = 1)],
    ["a touch", () => undefined],
  ])("is not undone by %s that was under way", async (_kind, act) => {
    const { browser, visitor, store, clock } = await loggedIn();
    const slow = visitor();
    slow.cookie = browser.cookie;
    const inFlight = await slow.open();
    await browser.visit((session) => session.clear());
    clock.advance(10 * 60_000);
    act(inFlight);
    const events = await eventsOf(async () => {
      const saved = await slow.save(inFlight);
      expect(saved.result).toBe("gone");
      expect(setCookies(saved)).toEqual([]);
    });
    expect(events.map(({ type }) => type)).toEqual(["gone"]);
    expect(await store.count()).toBe(0);
  });
});

describe("parallel requests", () => {
  test("keep each other's keys", async () => {
    const { browser, store, visitor } = await loggedIn();
    const requests = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const one = visitor();
        one.cookie = browser.cookie;
        return one.open();
      }),
    );
    requests.forEach((session, n) => {
      session[`k${n}`] = n;
    });
    store.take();
    const saved = await Promise.all(requests.map((session) => browser.save(session)));
    expect(store.take()).toEqual({ ...NOTHING, update: 2 });
    expect(saved.map(({ tries }) => tries)).toEqual(Array(50).fill(1));
    const after = await browser.open();
    expect(Object.keys(after)).toHaveLength(51);
    for (const session of requests.slice(1)) expect({ ...session }).toEqual({ ...after });
  });

  test("share one write with those who came while another was under way, in another process too", async () => {
    const { browser, elsewhere, store } = await loggedIn();
    const here = await Promise.all(Array.from({ length: 20 }, () => browser.open()));
    const there = Object.assign(elsewhere(), { cookie: browser.cookie });
    const sessions = await Promise.all(Array.from({ length: 20 }, () => there.open()));
    for (const session of [...here, ...sessions]) session.update("n", (n) => Number(n ?? 0) + 1);
    store.take();
    await Promise.all([...here.map((one) => browser.save(one)), ...sessions.map((one) => there.save(one))]);
    expect(store.take().update).toBeLessThan(20);
    expect((await browser.open())["n"]).toBe(40);
  });

  test("do not share what one of them could not merge", async () => {
    const { browser } = await loggedIn();
    const [first, second, third] = [await browser.open(), await browser.open(), await browser.open()];
    first["a"] = 1;
    second.update("a", (a) => {
      if (a !== undefined) throw new RangeError("no more of these");
      return 2;
    });
    third["b"] = 3;
    const saves = [first, second, third].map((session) => browser.save(session));
    await expect(saves[1]).rejects.toThrow(RangeError);
    await Promise.all([saves[0], saves[2]]);
    expect({ ...(await browser.open()) }).toEqual({ user: "ada", a: 1, b: 3 });
  });

  test("keep objects apart that they were merged from", async () => {
    const { browser } = await loggedIn();
    const [first, second] = [await browser.open(), await browser.open()];
    first["cart"] = ["tea"];
    second["theme"] = "dark";
    const third = await browser.open();
    third["other"] = 1;
    await Promise.all([first, second, third].map((session) => browser.save(session)));
    (second["cart"] as string[]).push("milk");
    expect(third["cart"]).toEqual(["tea"]);
    expect(first["cart"]).toEqual(["tea"]);
  });

  test("all learn that the session is gone", async () => {
    const { browser, store } = await loggedIn();
    const sessions = await Promise.all(Array.from({ length: 5 }, () => browser.open()));
    sessions.forEach((session, n) => (session["n"] = n));
    await browser.visit((session) => session.destroy());
    const saved = await Promise.all(sessions.map((session) => browser.save(session)));
    expect(saved.map(({ result }) => result)).toEqual(Array(5).fill("gone"));
    expect(await store.count()).toBe(0);
  });

  test("all fail with a store that fails, and go on when it is back", async () => {
    const { browser, store } = await loggedIn();
    const sessions = await Promise.all(Array.from({ length: 5 }, () => browser.open()));
    sessions.forEach((session, n) => (session[`k${n}`] = n));
    store.before = (verb) => {
      if (verb === "update") throw new Error("down");
    };
    for (const { status } of await Promise.allSettled(sessions.map((session) => browser.save(session)))) {
      expect(status).toBe("rejected");
    }
    store.before = () => undefined;
    await Promise.all(sessions.map((session) => browser.save(session)));
    expect(Object.keys(await browser.open())).toHaveLength(6);
  });

  test("count exactly by update", async () => {
    const { browser, visitor } = await loggedIn();
    const requests = await Promise.all(
      Array.from({ length: 10 }, () => Object.assign(visitor(), { cookie: browser.cookie }).open()),
    );
    for (const session of requests) session.update("n", (n) => Number(n ?? 0) + 1);
    await Promise.all(requests.map((session) => browser.save(session)));
    expect((await browser.open())["n"]).toBe(10);
  });

  test("tell of a key that both set otherwise", async () => {
    const { browser, visitor } = await loggedIn();
    const [mine, theirs] = [await browser.open(), await Object.assign(visitor(), { cookie: browser.cookie }).open()];
    mine["theme"] = "dark";
    theirs["theme"] = "light";
    await browser.save(theirs);
    const events = await eventsOf(async () => {
      expect(await browser.save(mine)).toMatchObject({ result: "merged", conflicts: ["theme"], tries: 2 });
    });
    const key = expect.stringMatching(/^[0-9a-f]{16}$/) as unknown;
    expect(events).toEqual([
      { type: "contended", key, tries: 2 },
      { type: "conflict", key, keys: ["theme"], tries: 2 },
    ]);
    expect((await browser.open())["theme"]).toBe("dark");
  });

  test("merge a deletion with a change of another key", async () => {
    const { browser, visitor } = await loggedIn();
    const [mine, theirs] = [await browser.open(), await Object.assign(visitor(), { cookie: browser.cookie }).open()];
    delete mine["user"];
    mine["mine"] = 1;
    theirs["theirs"] = 2;
    await browser.save(theirs);
    await browser.save(mine);
    expect({ ...(await browser.open()) }).toEqual({ mine: 1, theirs: 2 });
  });
});

describe("a handler that threw", () => {
  test("saves nothing", async () => {
    const { browser, sessions, store } = await loggedIn();
    const session = await browser.open();
    session["user"] = "eve";
    markFailed(session);
    expect((await sessions.save(session)).result).toBe("unchanged");
    expect(store.take().update).toBe(0);
  });

  test("saves the new id that it had asked for, with the data as it was", async () => {
    const { browser } = await loggedIn();
    const [session, before] = [await browser.open(), browser.cookie];
    session.regenerate();
    session["user"] = "eve";
    markFailed(session);
    await browser.save(session);
    expect(browser.cookie).not.toBe(before);
    expect((await browser.open())["user"]).toBe("ada");
  });

  test("destroys what it had asked to destroy", async () => {
    const { browser, store } = await loggedIn();
    const session = await browser.open();
    session.destroy();
    markFailed(session);
    await browser.save(session);
    expect(await store.count()).toBe(0);
  });
});

describe("a record", () => {
  test.each([
    ["garbage", Uint8Array.of(0xc1, 0, 1)],
    ["a pickle", Buffer.from("gASVCgAAAAAAAAB9lIwBdZRLAXMu", "base64")],
    ["no map", Uint8Array.of(5)],
    ["nothing", new Uint8Array(0)],
  ])("of %s is no session and one event", async (_kind, value) => {
    const { browser, store, visitor } = await loggedIn();
    const key = store.keys[0] ?? "";
    await store.delete(key);
    await store.create(key, { value, expiresAt: START + 60_000 });
    const events = await eventsOf(async () => {
      expect((await browser.open()).isNew).toBe(true);
    });
    expect(events).toEqual([{ type: "unreadable", key: sha256(key).slice(0, 16), reason: expect.any(String) }]);
    expect((await visitor().open()).isNew).toBe(true);
  });

  test.each([Number.NaN, -1, 0, "1", null, 2 ** 53, START + 10 * 60_000, 1.5])(
    "that says it began at %s is over, since nothing else would end it",
    async (createdAt) => {
      const codec = {
        encode: () => Uint8Array.of(1),
        decode: () =>
          new Map<unknown, unknown>([
            ["_createdAt", createdAt],
            ["user", "ada"],
          ]),
      };
      const { browser } = await loggedIn({ codec });
      expect((await browser.open()).isNew).toBe(true);
    },
  );
});

describe("two live sessions in one request", () => {
  test("are nobody's, and the cookie is removed", async () => {
    const { browser, visitor } = await loggedIn();
    const attacker = visitor();
    await attacker.visit((session) => {
      session["user"] = "eve";
    });
    const victim = visitor();
    victim.cookie = `${attacker.cookie}; ${browser.cookie}`;
    const events = await eventsOf(async () => {
      const session = await victim.open();
      expect(session.isNew).toBe(true);
      expect(setCookies(await victim.save(session))).toEqual([expect.stringContaining("Max-Age=0")]);
    });
    expect(events).toContainEqual({ type: "ambiguous", count: 2 });
  });

  test("are one, when the other is dead or not ours", async () => {
    const { browser, visitor } = await loggedIn();
    const victim = visitor();
    victim.cookie = `sid=junk; ${browser.cookie}; ${browser.cookie}`;
    expect((await victim.open())["user"]).toBe("ada");
  });
});

describe("a store that is down", () => {
  test("rejects with STORE, and sets no cookie", async () => {
    const { browser, visitor, store } = await loggedIn();
    const cause = new Error("ECONNREFUSED");
    store.before = () => {
      throw cause;
    };
    await expect(browser.open()).rejects.toMatchObject({ code: "STORE", status: 503, cause });
    await expect(visitor().visit((session) => (session["user"] = "bob"))).rejects.toMatchObject({ code: "STORE" });
    store.before = () => undefined;
    expect((await browser.open())["user"]).toBe("ada");
  });

  test("that hangs is left alone after five calls, and asked again half a second later", async () => {
    const { browser, store, clock } = await loggedIn({ storeTimeout: 0.005 });
    store.before = () => new Promise(() => undefined);
    for (let n = 0; n < 7; n++) await expect(browser.open()).rejects.toMatchObject({ code: "STORE" });
    expect(store.take().read).toBe(5);
    clock.advance(499);
    await expect(browser.open()).rejects.toMatchObject({ code: "STORE" });
    expect(store.take().read).toBe(0);
    clock.advance(1);
    const [probe, other] = [browser.open(), browser.open()];
    await expect(other).rejects.toMatchObject({ code: "STORE" });
    await expect(probe).rejects.toMatchObject({ code: "STORE" });
    expect(store.take().read).toBe(1);
    store.before = () => undefined;
    clock.advance(500);
    expect((await browser.open())["user"]).toBe("ada");
    expect((await browser.open())["user"]).toBe("ada");
  });

  test("that refuses is asked again each time: one bad value must not stop the others", async () => {
    const { browser, store } = await loggedIn();
    store.before = () => Promise.reject(new Error("value too large"));
    for (let n = 0; n < 20; n++) await expect(browser.open()).rejects.toMatchObject({ code: "STORE" });
    expect(store.take().read).toBe(20);
  });

  test("lets requests go on without their session where that is asked for, and keeps the cookie", async () => {
    const { browser, store } = await loggedIn({ onStoreError: "anonymous" });
    const { cookie } = browser;
    store.before = () => Promise.reject(new Error("ECONNREFUSED"));
    const events = await eventsOf(async () => {
      const session = await browser.open();
      expect({ ...session }).toEqual({});
      expect(setCookies(await browser.save(session))).toEqual([]);
    });
    expect(events.map(({ type }) => type)).toEqual(["failed"]);
    const change = browser.visit((session) => (session["user"] = "eve"));
    await expect(change).rejects.toMatchObject({ code: "STORE", status: 503 });
    await expect(browser.visit((session) => session.destroy())).rejects.toMatchObject({ code: "STORE" });
    await expect(browser.visit((session) => session.clear())).rejects.toMatchObject({ code: "STORE" });
    store.before = () => undefined;
    expect(browser.cookie).toBe(cookie);
    expect((await browser.open())["user"]).toBe("ada");
  });

  test("that never answers is given up", async () => {
    const { browser, store } = await loggedIn({ storeTimeout: 0.01 });
    store.before = () => new Promise(() => undefined);
    await expect(browser.open()).rejects.toMatchObject({ code: "STORE", status: 503 });
  });
});

describe("the timeouts", () => {
  test.each([
    ["idle", { idle: 100, absolute: 1000 }, 100_000],
    ["absolute", { idle: 1000, absolute: 100 }, 100_000],
  ])("end a session %s, to the millisecond", async (_name, timeouts, life) => {
    const { browser, clock } = await loggedIn({ timeouts });
    const session = await browser.open();
    expect(session.createdAt).toBe(START);
    expect(session.expiresAt).toBe(START + life);
    clock.advance(life - 1);
    expect((await browser.open()).isNew).toBe(false);
    clock.advance(1);
    expect((await browser.open()).isNew).toBe(true);
  });

  test("that were made shorter hold for sessions that began before", async () => {
    const { browser, clock, store } = memorySessions({ timeouts: { idle: 3600, absolute: 7200 } });
    await browser.visit((session) => (session["user"] = "ada"));
    const shorter = createSessions({ store, clock, keys: { current: KEY }, timeouts: { idle: 3600, absolute: 600 } });
    clock.advance(600_000 - 1);
    expect({ ...(await shorter.open(browser.request)) }).toEqual({ user: "ada" });
    clock.advance(1);
    expect({ ...(await shorter.open(browser.request)) }).toEqual({});
  });

  test("that are absolute hold whatever is done", async () => {
    const { browser, clock } = await loggedIn({ timeouts: { idle: 100, absolute: 250 } });
    for (let n = 0; n < 4; n++) {
      clock.advance(60_000);
      await browser.visit((session) => {
        session["n"] = n;
        session.regenerate();
      });
    }
    clock.advance(9_999);
    expect((await browser.open()).isNew).toBe(false);
    clock.advance(1);
    expect((await browser.open()).isNew).toBe(true);
  });

  test("of permanent sessions are their own, and the cookie tells of them", async () => {
    const { browser, clock } = memorySessions({ timeouts: { idle: 100, permanent: 31 * 86_400 } });
    const saved = await browser.visit((session) => {
      session["user"] = "ada";
      session.permanent = true;
    });
    expect(setCookies(saved)[0]).toContain("; Expires=Sun, 01 Feb 2026 00:00:00 GMT");
    clock.advance(86_400_000 * 30);
    expect((await browser.open())["user"]).toBe("ada");
  });
});
