import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { inherits } from "node:util";
import express, { type RequestHandler } from "express";
import fastify, { type FastifyPluginAsync } from "fastify";
import passport from "passport";
import passportLocal from "passport-local";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import { afterEach, describe, expect, test } from "vitest";
import plain from "../../../src/adapters/express-session.ts";
import {
  Cookie,
  MemoryStore,
  Session,
  type SessionRequest,
  Store,
  asExpressStore,
  session,
} from "../../../src/adapters/express-session.ts";
import { memoryStore } from "../../../src/stores/memory.ts";
import { browser } from "../../../src/testing/browser.ts";
import { EXPRESS, listen } from "../servers.ts";
import { type Request, SECRET, act, originalSite, race, site } from "./rig.ts";

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

const OPTIONS = { secret: SECRET, resave: false, saveUninitialized: false };
const sessionOf = (request: object) => (request as unknown as Request).session;

describe("Passport", () => {
  async function app(store = new MemoryStore()): Promise<{ url: string; store: MemoryStore }> {
    const own = new passport.Passport();
    own.use(new passportLocal.Strategy((name, word, done) => done(null, word === "open sesame" ? { name } : false)));
    own.serializeUser((user, done) => done(null, (user as { name: string }).name));
    own.deserializeUser((name: string, done) => done(null, { name }));
    const served = express();
    served.use(express.urlencoded({ extended: false }));
    served.use(session({ ...OPTIONS, store }), own.session() as RequestHandler);
    served.post("/login", own.authenticate("local", { successRedirect: "/", keepSessionInfo: true }) as RequestHandler);
    served.post("/logout", (req, res, next) => req.logout((error) => (error ? next(error) : res.redirect("/"))));
    served.get("/cart", (req, res) => {
      Reflect.set(sessionOf(req), "cart", "a book");
      res.end();
    });
    served.get("/", (req, res) =>
      res.send(`${(req.user as { name: string } | undefined)?.name} ${String(sessionOf(req)["cart"])}`),
    );
    const { url, close } = await listen(served);
    open.push({ close });
    return { url, store };
  }

  test("logs in, remembers, and logs out", async () => {
    const { url, store } = await app();
    const tab = browser(url);
    const form = { "content-type": "application/x-www-form-urlencoded" };
    await tab.visit("/cart");
    const before = tab.cookies() ?? "";
    const page = await login(tab, "ada", "open+sesame");
    expect([page.status, page.headers.location]).toEqual([302, "/"]);
    expect(tab.cookies()).not.toBe(before);
    expect((await tab.visit("/")).text).toBe("ada a book");
    expect((await browser(url).visit("/", { cookie: before })).text).toBe("undefined undefined");
    const during = tab.cookies() ?? "";
    await tab.visit("/logout", { method: "POST", headers: form });
    expect((await tab.visit("/")).text).toBe("undefined undefined");
    expect((await browser(url).visit("/", { cookie: during })).text).toBe("undefined undefined");
    expect(Object.keys(store.sessions)).toHaveLength(1);
  });

  test("lets nobody in with a wrong password", async () => {
    const { url } = await app();
    const tab = browser(url);
    expect((await login(tab, "ada", "wrong")).status).toBe(401);
    expect((await tab.visit("/")).text).toBe("undefined undefined");
  });

  /** The browser of the tests sends no body: a form as `GET` would. */
  async function login(tab: ReturnType<typeof browser>, name: string, word: string) {
    return tab.visit(`/login?username=${name}&password=${word}`, { method: "POST" });
  }
});

describe("socket.io", () => {
  test.each([["polling"], ["websocket"], ["polling", "websocket"]])(
    "shares the session by %s",
    async (...transports) => {
      const store = new MemoryStore();
      const middleware = session({
        ...OPTIONS,
        store,
        resave: true,
        saveUninitialized: true,
        cookie: { maxAge: 60_000 },
      });
      const app = express().use(middleware);
      app.get("/login", (req, res) => res.end((Reflect.set(sessionOf(req), "user", "ada"), "in")));
      app.get("/", (req, res) => res.json(sessionOf(req)));
      const server = createServer(app).listen(0, "127.0.0.1");
      const sockets = new Server(server);
      sockets.engine.use(middleware);
      sockets.on("connection", (socket) => {
        socket.on("count", async (done: (user: unknown) => void) => {
          const current = sessionOf(socket.request);
          await current.reload();
          const fresh = sessionOf(socket.request);
          Reflect.set(fresh, "count", Number(fresh["count"] ?? 0) + 1);
          await fresh.save();
          done(fresh["user"]);
        });
      });
      open.push({ close: () => sockets.close() });
      await once(server, "listening");
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const tab = browser(url);
      await tab.visit("/login");
      const client = io(url, { transports, extraHeaders: { cookie: tab.cookies() ?? "" }, reconnection: false });
      open.push({ close: () => client.close() });
      await new Promise<void>((done, fail) => client.on("connect", done).on("connect_error", fail));
      expect(await client.timeout(5000).emitWithAck("count")).toBe("ada");
      await client.timeout(5000).emitWithAck("count");
      expect(JSON.parse((await tab.visit("/")).text)).toMatchObject({ user: "ada", count: 2 });
    },
  );

  test("gives a visitor that has none a cookie with the handshake of a websocket", async () => {
    const middleware = session({ ...OPTIONS, saveUninitialized: true });
    const server = createServer().listen(0, "127.0.0.1");
    const sockets = new Server(server);
    sockets.engine.use(middleware);
    open.push({ close: () => sockets.close() });
    await once(server, "listening");
    const headers = new Promise<Record<string, unknown>>((resolve) => sockets.engine.on("initial_headers", resolve));
    const { port } = server.address() as AddressInfo;
    const client = io(`http://127.0.0.1:${port}`, { transports: ["websocket"], reconnection: false });
    open.push({ close: () => client.close() });
    expect(Object.entries(await headers)).toEqual([["Set-Cookie", expect.stringMatching(/^connect\.sid=s%3A/)]]);
  });
});

/** Its types would declare the session of every Fastify request in this program. */
async function untyped(name: string): Promise<FastifyPluginAsync> {
  return ((await import(name)) as { default: FastifyPluginAsync }).default;
}

const fastifySessionOf = (request: object) => (request as { session: Record<string, unknown> }).session;

describe("asExpressStore", () => {
  test("merges for express-session itself, and brings no session back", async () => {
    const [first, second] = [asExpressStore(memoryStore()), asExpressStore(memoryStore())];
    const [text = ""] = await race((handler) => originalSite({ store: first }, handler), "/set/a/1", "/set/b/2");
    expect(JSON.parse(text)).toEqual({ user: "ada", a: "1", b: "2" });
    expect((await race((handler) => originalSite({ store: second }, handler), "/set/a/1", "/destroy"))[0]).toBe("{}");
  });

  test("tells of a session that ended while a request read it, which then sets no cookie", async () => {
    const store = asExpressStore(memoryStore());
    const pages = await race((handler) => site({ store, rolling: true }, handler), "/", "/destroy");
    expect(pages).toEqual(["{}", "200", "0"]);
  });

  test("keeps the sessions of @fastify/session", async () => {
    const app = fastify();
    await app.register(await untyped("@fastify/cookie"));
    const store = asExpressStore(memoryStore());
    await app.register(await untyped("@fastify/session"), {
      secret: SECRET,
      store,
      cookie: { secure: false },
    } as object);
    app.get("/in", async (request) => (fastifySessionOf(request)["user"] = "ada"));
    app.get("/", async (request) => String(fastifySessionOf(request)["user"]));
    app.get("/out", async (request) => (fastifySessionOf(request)["destroy"] as () => Promise<void>)());
    open.push(app);
    const tab = browser(await app.listen({ port: 0, host: "127.0.0.1" }));
    await tab.visit("/in");
    expect((await tab.visit("/")).text).toBe("ada");
    const sent = tab.cookies() ?? "";
    await tab.visit("/out");
    expect((await tab.visit("/", { cookie: sent })).text).toBe("undefined");
  });

  test("tells, counts and clears where the store can list", async () => {
    const store = asExpressStore(memoryStore());
    const { tab } = await site({ store }, act);
    await tab().visit("/set/a/1");
    await tab().visit("/set/a/2");
    const asked = (method: "all" | "length" | "clear") =>
      new Promise((resolve, reject) => store[method]?.((error, answer) => (error ? reject(error) : resolve(answer))));
    expect(Object.values((await asked("all")) as object)).toMatchObject([{ a: "1" }, { a: "2" }]);
    expect(await asked("length")).toBe(2);
    await asked("clear");
    expect(await asked("length")).toBe(0);
  });

  test("does not claim to list what the store cannot", () => {
    const { create, read, update, delete: remove } = memoryStore();
    expect(asExpressStore({ create, read, update, delete: remove })).not.toHaveProperty("all");
  });

  test.each([undefined, {}, { ...memoryStore(), read: 1 }])("takes no %j for a store", (given) => {
    expect(() => asExpressStore(given as never)).toThrow(expect.objectContaining({ code: "CONFIG" }));
    expect(() => asExpressStore(memoryStore(), { ttl: 0 })).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });

  test("says so, and quotes nothing, where what is stored is none of its sessions", async () => {
    const entries = memoryStore();
    await entries.create("id", { value: Buffer.from("secret words"), expiresAt: Date.now() + 1000 });
    const error = await new Promise((resolve) => asExpressStore(entries).get("id", resolve));
    expect(error).toMatchObject({ code: "DATA", message: expect.not.stringContaining("words") });
  });
});

describe("the names", () => {
  test("are there by every way to import them", async () => {
    const { "module.exports": required } = await import("../../../src/adapters/express-session.ts");
    expect([session, required]).toEqual([plain, plain]);
    expect({ ...plain }).toEqual({ Cookie, MemoryStore, Session, Store });
  });

  test("serve stores that are classes, and those that are older", async () => {
    class New extends MemoryStore {
      readonly own = "new";
    }
    function Old(this: object) {
      (Store as unknown as () => void).call(this);
    }
    inherits(Old, Store);
    for (const made of [Reflect.construct(New, []), Reflect.construct(Old, [])]) {
      expect([made instanceof Store, made instanceof EventEmitter]).toEqual([true, true]);
      const told = once(made as EventEmitter, "connect");
      (made as EventEmitter).emit("connect", 1);
      expect(await told).toEqual([1]);
    }
  });

  test("of controls are none of the data, also if somebody stored them", () => {
    const request = { sessionID: "id" } as SessionRequest;
    const found = new Session(request, JSON.parse('{"save":1,"__proto__":{"admin":true},"constructor":2,"a":3}'));
    expect(Object.entries(found)).toEqual([["a", 3]]);
    expect([typeof found.save, Reflect.get(found, "admin"), found.id]).toEqual(["function", undefined, "id"]);
  });
});

describe("an option that is none", () => {
  test.each([
    [{ genid: "id" }, "genid option must be a function"],
    [{ unset: "remove" }, 'unset option must be "destroy" or "keep"'],
    [{ secret: [] }, "secret option array must contain one or more strings"],
    [{ writes: "all" }, "writes is all; give 'merge' or 'overwrite'"],
    [{ onSaveError: "throw" }, "onSaveError is throw; give 'fail' or 'next'"],
  ])("%j throws", (options, text) => {
    expect(() => session({ ...OPTIONS, ...options } as never)).toThrow(text);
  });

  test("no secret is an error of each request", async () => {
    const { tab } = await site({ secret: undefined }, act);
    const { status, text } = await tab().visit("/");
    expect([status, text]).toEqual([500, "secret option required for sessions"]);
  });
});

test("a store that is away gives no session until it is back", async () => {
  const store = new MemoryStore();
  const { tab } = await site({ store }, (request, response) => response.end(typeof request.session));
  store.emit("disconnect");
  expect((await tab().visit("/")).text).toBe("undefined");
  store.emit("connect");
  expect((await tab().visit("/")).text).toBe("object");
});

test.each(Object.entries(EXPRESS))("only what lies below the cookie's path has a session: %s", async (_name, make) => {
  const { url, close } = await listen(
    make()
      .use("/shop", session({ ...OPTIONS, cookie: { path: "/shop/cart" } }))
      .use((req, res) => void res.end(typeof sessionOf(req))),
  );
  open.push({ close });
  const paths = ["/shop/cart", "/shop/cart/1?a", "/shop", "/shop/shop/cart"];
  const texts = await Promise.all(paths.map(async (path) => (await browser(url).visit(path)).text));
  expect(texts).toEqual(["object", "object", "undefined", "undefined"]);
});

test.each(Object.entries(EXPRESS))(
  "a redirect waits for the save, and an error has no cookie: %s",
  async (_name, make) => {
    const store = new MemoryStore();
    const app = make().use(session({ ...OPTIONS, store }));
    app.get("/in", (req, res) => (Reflect.set(sessionOf(req), "user", "ada"), res.redirect("/")));
    app.get("/bad", (req, res) => (Reflect.set(sessionOf(req), "user", 1n), res.redirect("/")));
    const { url, close } = await listen(app);
    open.push({ close });
    const tab = browser(url);
    const page = await tab.visit("/in");
    expect([page.status, page.setCookies.length, Object.keys(store.sessions).length]).toEqual([302, 1, 1]);
    const { status, setCookies, headers } = await browser(url).visit("/bad");
    expect([status, setCookies, headers.location]).toEqual([500, [], undefined]);
  },
);

test("a secret that is new signs, and those before it still count", async () => {
  const store = new MemoryStore();
  const old = (await site({ store, secret: "old" }, act)).tab();
  await old.visit("/set/a/1");
  const both = await site({ store, secret: [Buffer.from("new"), "old"], rolling: true }, act);
  const page = await both.tab().visit("/", { cookie: old.cookies() ?? "" });
  expect(page.text).toBe('{"a":"1"}');
  const renewed = page.setCookies[0]?.split(";")[0] ?? "";
  const now = await site({ store, secret: "new" }, act);
  expect((await now.tab().visit("/", { cookie: renewed })).text).toBe('{"a":"1"}');
  expect((await now.tab().visit("/", { cookie: old.cookies() ?? "" })).text).toBe("{}");
});

test("what cookie-parser has found counts where the header is gone", async () => {
  const store = new MemoryStore();
  const tab = (await site({ store }, act)).tab();
  await tab.visit("/set/a/1");
  const value = decodeURIComponent(tab.cookies()?.split("=")[1] ?? "");
  const id = Object.keys(store.sessions)[0];
  const parsed = async (cookies: object) => {
    const { url, close } = await listen((request, response) => {
      Object.assign(request, cookies);
      session({ ...OPTIONS, store })(request, response, () => void act(request as Request, response));
    });
    open.push({ close });
    return (await browser(url).visit("/")).text;
  };
  expect(await parsed({ cookies: { "connect.sid": value } })).toBe('{"a":"1"}');
  expect(await parsed({ signedCookies: { "connect.sid": id } })).toBe('{"a":"1"}');
  expect(await parsed({ cookies: { "connect.sid": id } })).toBe("{}");
  expect(await parsed({ secret: SECRET, cookies: { "connect.sid": `${value}x` } })).toBe("{}");
});
