/** Several sessions, stores, applications and tenants in one process: each keeps its own. */
import type { RequestListener } from "node:http";
import type { Express, Request } from "express";
import fastify from "fastify";
import koa from "koa";
import { afterEach, describe, expect, test } from "vitest";
import { session as expressSession } from "../../src/adapters/express.ts";
import { session as fastifySession } from "../../src/adapters/fastify.ts";
import { session as koaSession } from "../../src/adapters/koa.ts";
import { session as nodeSession } from "../../src/adapters/node.ts";
import { type CookieOptions, type Session, type SessionInterface, type Verb, sessions } from "../../src/index.ts";
import { type Browser, browser } from "../../src/testing/browser.ts";
import { countingStore } from "../../src/testing/internal/adapter-stage.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { warningOf } from "./fixtures.ts";
import { EXPRESS, listen } from "./servers.ts";

type Data = Record<string, unknown>;
type Visits = SessionInterface<Data>;

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function tabAt(listener: RequestListener): Promise<Browser> {
  const served = await listen(listener);
  open.push(served.close);
  return browser(served.url);
}

/** Sessions of their own, by the options of their cookie, and how often their store was asked. */
function own(cookie: CookieOptions): { visits: Visits; asked: Record<Verb, number> } {
  const asked = { create: 0, read: 0, update: 0, delete: 0 };
  const store = countingStore(memoryStore(), (verb) => asked[verb]++);
  const keys = { current: "apart-own_key-for-tests-only_0123456789" };
  return { asked, visits: sessions<Data>({ store, keys, cookie }) };
}

const count = (session: unknown) => (session as Session<Data>).update("n", (n) => Number(n ?? 0) + 1);
const at = (holder: object, property: string) => (holder as Record<string, unknown>)[property];

/** Counts in the session that the path names. */
type Serve = (shop: Visits, admin: Visits) => RequestListener | Promise<RequestListener>;

const HOSTS: Record<string, Serve> = {
  "Express 5": (shop, admin) => expressWith(EXPRESS["Express 5"], shop, admin),
  "Express 4": (shop, admin) => expressWith(EXPRESS["Express 4"], shop, admin),
  Koa: (shop, admin) => {
    const app = new koa();
    app.use(koaSession(shop)).use(koaSession(admin, { property: "admin" }));
    app.use((ctx) => (ctx.body = String(count(at(ctx, ctx.path.slice(1))))));
    const handle = app.callback();
    return (request, response) => void handle(request, response);
  },
  Fastify: async (shop, admin) => {
    const app = fastify();
    await app.register(fastifySession, { sessions: shop });
    await app.register(fastifySession, { sessions: admin, property: "admin" });
    app.get("/:name", (request) => String(count(at(request, request.url.slice(1)))));
    await app.ready();
    return app.routing;
  },
};

function expressWith(express: (() => Express) | undefined, shop: Visits, admin: Visits): RequestListener {
  const app = (express ?? fail)();
  app.use(expressSession(shop), expressSession(admin, { property: "admin" }));
  app.get("/:name", (req, res) => res.send(String(count(at(req, req.path.slice(1))))));
  return app;
}

function fail(): never {
  throw new Error("there is no such version");
}

describe.each(Object.entries(HOSTS))("two sessions of one application, over %s", (_name, serve) => {
  test("stand side by side, each with its cookie and its store", async () => {
    const [shop, admin] = [own({ name: "shop" }), own({ name: "admin" })];
    const tab = await tabAt(await serve(shop.visits, admin.visits));
    const texts = [];
    for (const path of ["/session", "/session", "/admin", "/session", "/admin"])
      texts.push((await tab.visit(path)).text);
    expect(texts).toEqual(["1", "2", "1", "3", "2"]);
    expect(tab.cookies()?.replaceAll(/=[^;]*/g, "")).toBe("shop; admin");
    expect([shop.asked.create, admin.asked.create]).toEqual([1, 1]);
    // Whose cookie goes keeps the other.
    const both = tab.cookies()?.split("; ") ?? [];
    expect((await tab.visit("/session", { cookie: both[0] ?? "" })).text).toBe("4");
    expect((await tab.visit("/session", { cookie: both[1] ?? "" })).text).toBe("1");
  });

  test("do not take each other's cookies, by whatever name they come", async () => {
    const [shop, admin] = [own({ name: "shop" }), own({ name: "admin" })];
    const tab = await tabAt(await serve(shop.visits, admin.visits));
    await tab.visit("/session");
    const cookie = (tab.cookies() ?? "").replace("shop=", "admin=");
    expect((await tab.visit("/admin", { cookie })).text).toBe("1");
    expect(admin.asked.read).toBe(0);
  });
});

describe("the option property", () => {
  test.each(["", "headers", "url"])("is no name that a request has already: '%s'", (property) => {
    for (const session of [expressSession, koaSession]) {
      expect(() => session(own({}).visits, { property })).toThrow("give a name that no request has yet");
    }
  });

  test("is assigned by nobody, and a second one of the name does nothing and says so", async () => {
    const warned = warningOf("FLAGON_TWICE");
    const app = EXPRESS["Express 5"]?.() ?? fail();
    const [first, second] = [own({ name: "first" }), own({ name: "second" })];
    for (const { visits } of [first, second]) app.use(expressSession(visits, { property: "admin" }));
    app.get("/", (req, res) => {
      expect(() => Object.assign(req, { admin: {} })).toThrow("req.admin cannot be assigned");
      res.send(String(count(at(req, "admin"))));
    });
    const tab = await tabAt(app);
    expect([(await tab.visit("/")).text, (await tab.visit("/")).text]).toEqual(["1", "2"]);
    expect([await warned, second.asked.read]).toEqual([expect.stringContaining("used twice"), 0]);
  });

  test("is the one that a lock of its name is for", async () => {
    const app = EXPRESS["Express 5"]?.() ?? fail();
    const [shop, admin] = [own({ name: "shop" }), own({ name: "admin" })];
    app.use(expressSession(shop.visits), expressSession(admin.visits, { property: "admin" }));
    const lock = expressSession(admin.visits, { property: "admin", lock: true });
    app.get("/begin", (req, res) => res.send([req.session, at(req, "admin")].map(count)));
    app.get("/", lock, (_req, res) => res.send("locked"));
    const tab = await tabAt(app);
    await tab.visit("/begin");
    const before = [shop.asked.update, admin.asked.update];
    expect((await tab.visit("/")).text).toBe("locked");
    // Taken and given back.
    expect([shop.asked.update, admin.asked.update]).toEqual([before[0], (before[1] ?? 0) + 2]);
  });
});

describe.each(Object.entries(EXPRESS))("%s", (_name, express) => {
  test("gives mounted routers and sub-applications the session of the application", async () => {
    const { visits, asked } = own({});
    const [app, sub] = [express(), express()];
    sub.get("/page", (req, res) => res.send(String(count(req.session))));
    app.use(expressSession(visits));
    app.use("/sub", sub);
    app.get("/", (req, res) => res.send(String(count(req.session))));
    const tab = await tabAt(app);
    expect([(await tab.visit("/")).text, (await tab.visit("/sub/page")).text]).toEqual(["1", "2"]);
    expect(asked.create).toBe(1);
  });

  test("lets sub-applications have sessions of their own, by the path of their cookies", async () => {
    const app = express();
    const counts = ["/one", "/two"].map((path) => {
      const { visits, asked } = own({ path });
      const sub = express();
      sub.use(expressSession(visits));
      sub.get("/", (req, res) => res.send(String(count(req.session))));
      app.use(path, sub);
      return asked;
    });
    const tab = await tabAt(app);
    const texts = [];
    for (const path of ["/one/", "/one/", "/two/", "/one/"]) texts.push((await tab.visit(path)).text);
    expect(texts).toEqual(["1", "2", "1", "3"]);
    expect(counts.map(({ create }) => create)).toEqual([1, 1]);
  });
});

test("two applications of one process keep to their own stores", async () => {
  const apps = [own({ name: "one" }), own({ name: "two" })];
  const [one, two] = await Promise.all(
    apps.map(({ visits }) => tabAt(nodeSession(visits, (req, res) => res.end(String(count(req.session)))))),
  );
  for (let round = 0; round < 3; round++) await Promise.all([one?.visit("/"), two?.visit("/")]);
  const cookie = one?.cookies() ?? "";
  expect((await one?.visit("/"))?.text).toBe("4");
  expect((await two?.visit("/", { cookie: cookie.replace("one=", "two=") }))?.text).toBe("1");
  expect(apps.map(({ asked }) => asked.create)).toEqual([1, 2]);
});

describe("tenants", () => {
  /** Each tenant's sessions are made when it is first seen; the cookie's options are its own. */
  function tenants() {
    const known = new Map<string, ReturnType<typeof own>>();
    const of = (tenant: string) => {
      const found = known.get(tenant) ?? own({ name: `sid-${tenant}`, sameSite: tenant === "a" ? "Strict" : "Lax" });
      known.set(tenant, found);
      return found;
    };
    return { known, of };
  }

  const tenantOf = (headers: Request["headers"]) => String(headers["x-tenant"]);

  const SERVERS: Record<string, (of: (tenant: string) => Visits) => RequestListener> = {
    Express: (of) => {
      const app = EXPRESS["Express 5"]?.() ?? fail();
      app.use((req, res, next) => expressSession(of(tenantOf(req.headers)))(req, res, next));
      app.get("/", (req, res) => res.send(String(count(req.session))));
      return app;
    },
    Koa: (of) => {
      const app = new koa();
      app.use((ctx, next) => koaSession(of(tenantOf(ctx.headers)))(ctx, next));
      app.use((ctx) => (ctx.body = String(count(ctx.session))));
      const handle = app.callback();
      return (request, response) => void handle(request, response);
    },
    "node:http": (of) => (request, response) => {
      nodeSession(of(tenantOf(request.headers)), (req, res) => res.end(String(count(req.session))))(request, response);
    },
  };

  test.each(Object.entries(SERVERS))("share nothing when their requests cross, over %s", async (_name, serve) => {
    const { known, of } = tenants();
    const tab = await tabAt(serve((tenant) => of(tenant).visits));
    const visit = (tenant: string) => tab.visit("/", { headers: { "x-tenant": tenant } });
    const [first] = await Promise.all(["a", "b", "c"].map(visit));
    expect(first?.setCookies).toEqual([expect.stringMatching(/^sid-a=.*SameSite=Strict/)]);
    await Promise.all(Array.from({ length: 5 }, () => ["a", "b"].map(visit)).flat());
    const counts = await Promise.all(["a", "b", "c"].map(visit));
    expect(counts.map(({ text }) => text)).toEqual(["7", "7", "2"]);
    expect([...known.values()].map(({ asked }) => asked.create)).toEqual([1, 1, 1]);
  });
});
