import { describe, expect, test } from "vitest";
import { MemoryStore, type SessionOptions, Store, asExpressStore } from "../../../src/adapters/express-session.ts";
import { memoryStore } from "../../../src/stores/memory.ts";
import { deferred } from "../../../src/testing/internal/adapter-stage.ts";
import { eventsOf } from "../fixtures.ts";
import { act, called, race, site } from "./rig.ts";

const STORES: Record<string, () => NonNullable<SessionOptions["store"]>> = {
  "its MemoryStore": () => new MemoryStore(),
  "a store of ours": () => asExpressStore(memoryStore()),
};

describe.each(Object.entries(STORES))("over %s", (_name, make) => {
  test.each([false, true])("keeps what parallel requests set under different keys, resave: %s", async (resave) => {
    const pages = await race(
      (handler) => site({ store: make(), resave }, handler),
      "/set/a/1",
      "/set/b/2",
      "/delete/user",
    );
    expect(JSON.parse(pages[0] ?? "")).toEqual({ a: "1", b: "2" });
  });

  test("keeps what was set while a request only read, also with resave", async () => {
    const pages = await race((handler) => site({ store: make(), resave: true }, handler), "/", "/set/b/2");
    expect(JSON.parse(pages[0] ?? "")).toEqual({ user: "ada", b: "2" });
  });

  test("keeps the life that a parallel request gave to the cookie", async () => {
    const store = make();
    await race(
      (handler) => site({ store, resave: true, cookie: { maxAge: 60_000 } }, handler),
      "/set/a/1",
      "/maxAge/5000",
    );
    const after = (await ask(store)) as { cookie: { originalMaxAge: number } }[];
    expect(after.map(({ cookie }) => cookie.originalMaxAge)).toEqual([5000]);
  });

  test.each(["/set/a/1", "/", "/save", "/touch"])(
    "does not bring back a session that ended during %s",
    async (slow) => {
      const pages = await race(
        (handler) => site({ store: make(), resave: true, rolling: true }, handler),
        slow,
        "/destroy",
      );
      expect(pages).toEqual(["{}", "200", "0"]);
    },
  );

  test("saves a session to which the program gave the same id again", async () => {
    const { tab } = await site({ store: make(), genid: () => "always-the-same" }, act);
    const browser = tab();
    await browser.visit("/set/a/1");
    await browser.visit("/login/ada");
    expect((await browser.visit("/")).text).toBe('{"user":"ada"}');
  });

  test("does not bring back the id that a login has replaced", async () => {
    const pages = await race((handler) => site({ store: make() }, handler), "/set/a/1", "/login/bob");
    expect(pages[0]).toBe("{}");
  });

  test("tells of a session that had ended", async () => {
    const told = await eventsOf(() => race((handler) => site({ store: make() }, handler), "/set/a/1", "/destroy"));
    expect(told).toEqual(["gone"]);
  });
});

async function ask(store: object): Promise<unknown[]> {
  const { all } = store as Store;
  const found = await new Promise((resolve) => all?.call(store, (_error, sessions) => resolve(sessions)));
  return Object.values(found as object);
}

describe("writes: 'overwrite'", () => {
  const options = () => ({ store: new MemoryStore(), writes: "overwrite" as const });

  test("writes all of a session, as express-session does", async () => {
    const pages = await race((handler) => site(options(), handler), "/set/a/1", "/set/b/2");
    expect(JSON.parse(pages[0] ?? "")).toEqual({ user: "ada", a: "1" });
  });

  test("brings back what has ended, as express-session does", async () => {
    const pages = await race((handler) => site(options(), handler), "/set/a/1", "/destroy");
    expect(JSON.parse(pages[0] ?? "")).toEqual({ user: "ada", a: "1" });
  });
});

/** A store that fails as long as it is told to. */
class FailingStore extends MemoryStore {
  fails = true;
  override set(...args: Parameters<MemoryStore["set"]>): void {
    if (this.fails) return args[2]?.(new Error("the store is down"));
    super.set(...args);
  }
}

describe("a session that cannot be saved", () => {
  test("is an error with the store's own text, and sets no cookie", async () => {
    const { tab, errors } = await site({ store: new FailingStore() }, (request, response) => {
      response.setHeader("Location", "/home");
      response.statusCode = 302;
      return act(request, response);
    });
    const { status, text, setCookies, headers } = await tab().visit("/set/a/1");
    expect([status, text, setCookies, headers.location]).toEqual([500, "the store is down", [], undefined]);
    expect(errors).toHaveLength(1);
  });

  test("is told to next alone with onSaveError: 'next', as express-session does", async () => {
    const { tab, errors } = await site({ store: new FailingStore(), onSaveError: "next" }, act);
    const { status, text, setCookies } = await tab().visit("/set/a/1");
    expect([status, text, setCookies.length]).toEqual([200, '{"a":"1"}', 1]);
    await expect.poll(() => errors).toMatchObject([{ message: "the store is down" }]);
  });

  test("is saved at the end when only a save by hand had failed, that nobody waited for", async () => {
    const store = new FailingStore();
    const visited = await site({ store }, (request, response) => {
      request.session["a"] = 1;
      void request.session.save();
      setImmediate(() => {
        store.fails = false;
        response.end();
      });
    });
    expect((await visited.tab().visit("/")).status).toBe(200);
    expect(await ask(store)).toMatchObject([{ a: 1 }]);
  });

  test("is an error where its data is none that JSON has", async () => {
    const { tab } = await site({}, (request, response) => {
      request.session["a"] = 1n;
      response.end("saved");
    });
    const { status, setCookies } = await tab().visit("/");
    expect([status, setCookies]).toEqual([500, []]);
  });

  test("is told to next when the body had begun", async () => {
    const store = new FailingStore();
    store.fails = false;
    const { tab, errors } = await site({ store }, async (request, response) => {
      await new Promise((sent) => response.write("begun", sent));
      request.session["a"] = 1;
      store.fails = true;
      response.end();
    });
    expect((await tab().visit("/")).text).toBe("begun");
    await expect.poll(() => errors).toMatchObject([{ message: "the store is down" }]);
  });
});

/** A store whose writes wait. */
class HeldStore extends MemoryStore {
  readonly asked = deferred();
  readonly gate = deferred();
  override set(...args: Parameters<MemoryStore["set"]>): void {
    this.asked.resolve();
    void this.gate.promise.then(() => super.set(...args));
  }
}

test.each(["/end", "/write"])("the response waits until the session is saved: %s", async (path) => {
  const store = new HeldStore();
  const { tab } = await site({ store }, (request, response) => {
    if (request.url === "/read") return response.end("read");
    request.session["a"] = 1;
    if (request.url === "/write") response.write("begun, ");
    return response.end("ended");
  });
  const pages: string[] = [];
  const first = tab()
    .visit(path)
    .then(({ text, setCookies }) => pages.push(`${text} ${setCookies.length}`));
  await store.asked.promise;
  // It came later. What had left for the first one would be there before.
  expect((await tab().visit("/read")).text).toBe("read");
  expect(pages).toEqual([]);
  store.gate.resolve();
  await first;
  expect(pages).toEqual([path === "/write" ? "begun, ended 1" : "ended 1"]);
});

test("the response waits for an end that nobody waited for", async () => {
  const store = new MemoryStore();
  const gate = deferred();
  const { tab } = await site({ store }, (request, response) => {
    if (request.url !== "/out") return act(request, response);
    void request.session.destroy();
    return response.end("out");
  });
  const browsing = tab();
  await browsing.visit("/set/a/1");
  const asked = deferred();
  store.destroy = (id, callback) => {
    asked.resolve();
    void gate.promise.then(() => MemoryStore.prototype.destroy.call(store, id, callback));
  };
  const texts: string[] = [];
  const out = browsing.visit("/out").then(({ text }) => texts.push(text));
  await asked.promise;
  await tab().visit("/");
  expect(texts).toEqual([]);
  gate.resolve();
  await out;
  expect([texts, store.sessions]).toEqual([["out"], {}]);
});

test("a store that touches no session that has ended is no failure", async () => {
  const store = new MemoryStore();
  store.touch = (id, _session, callback) => {
    store.get(id, (_error, found) => callback?.(found ? undefined : new Error("Unable to find the session to touch")));
  };
  const pages = await race((handler) => site({ store }, handler), "/", "/destroy");
  expect(pages).toEqual(["{}", "200", "0"]);
});

test("what a store says of a session that it could not touch is told", async () => {
  const store = new MemoryStore();
  const { tab } = await site({ store }, act);
  const browser = tab();
  await browser.visit("/set/a/1");
  store.touch = (_id, _session, callback) => callback?.(new Error("no touch"));
  const { status, text } = await browser.visit("/");
  expect([status, text]).toEqual([500, "no touch"]);
});

test("a cookie of that name that others have left does not hide ours", async () => {
  const { tab } = await site({}, act);
  const browser = tab();
  await browser.visit("/set/a/1");
  const { text } = await browser.visit("/", { cookie: `connect.sid=s%3Aforeign.signature; ${browser.cookies()}` });
  expect(text).toBe('{"a":"1"}');
});

test("a cookie function may say 'auto'", async () => {
  const { tab } = await site(
    { proxy: true, saveUninitialized: true, cookie: () => ({ secure: "auto", sameSite: "auto" }) },
    act,
  );
  expect((await tab(true).visit("/")).setCookies[0]).toMatch(/; Secure; SameSite=None$/);
  expect((await tab().visit("/")).setCookies[0]).toMatch(/; HttpOnly; SameSite=Lax$/);
});

test("every control gives a promise, and the session where it has a callback", async () => {
  const told: unknown[] = [];
  const { tab } = await site({}, async (request, response) => {
    const { session } = request;
    session["a"] = 1;
    await session.save();
    session["a"] = 2;
    await session.reload();
    told.push(request.session["a"], request.session.save(() => undefined) === request.session);
    const { id } = request.session;
    await request.session.regenerate();
    told.push(request.session.id === id, request.session["a"]);
    await request.session.destroy();
    told.push(request.session);
    await expect(session.reload()).rejects.toThrow("failed to load session");
    await expect(called((done) => session.reload(done))).rejects.toThrow("failed to load session");
    response.end();
  });
  expect((await tab().visit("/")).status).toBe(200);
  expect(told).toEqual([1, true, false, undefined, undefined]);
});
