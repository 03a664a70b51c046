/** Several stores, applications and tenants in one process: each keeps its own. */
import type { RequestListener } from "node:http";
import type { Express, Request } from "express";
import koa from "koa";
import { describe, expect, test } from "vitest";
import { session as expressSession } from "../../src/adapters/express.ts";
import { session as koaSession } from "../../src/adapters/koa.ts";
import { session as nodeSession } from "../../src/adapters/node.ts";
import type { Session, SessionInterface } from "../../src/index.ts";
import { type Browser, browser } from "../../src/testing/browser.ts";
import { closing } from "./closing.ts";
import { type Data, type Fixture, own } from "./fixtures.ts";
import { EXPRESS, listen } from "./servers.ts";

type Visits = SessionInterface<Data>;

async function tabAt(listener: RequestListener): Promise<Browser> {
  const served = closing(await listen(listener));
  return browser(served.url);
}

const count = (session: unknown) => (session as Session<Data>).update("n", (n) => Number(n ?? 0) + 1);
const express5 = EXPRESS["Express 5"] as () => Express;

describe.each(Object.entries(EXPRESS))("%s", (_name, express) => {
  test("gives mounted routers and sub-applications the session of the application", async () => {
    const { visits, store } = own({});
    const [app, sub] = [express(), express()];
    sub.get("/page", (req, res) => res.send(String(count(req.session))));
    app.use(expressSession(visits));
    app.use("/sub", sub);
    app.get("/", (req, res) => res.send(String(count(req.session))));
    const tab = await tabAt(app);
    expect([(await tab.visit("/")).text, (await tab.visit("/sub/page")).text]).toEqual(["1", "2"]);
    expect(store.take().create).toBe(1);
  });

  test("lets sub-applications have sessions of their own, by the path of their cookies", async () => {
    const app = express();
    const stores = ["/one", "/two"].map((path) => {
      const { visits, store } = own({ path });
      const sub = express();
      sub.use(expressSession(visits));
      sub.get("/", (req, res) => res.send(String(count(req.session))));
      app.use(path, sub);
      return store;
    });
    const tab = await tabAt(app);
    const texts = [];
    for (const path of ["/one/", "/one/", "/two/", "/one/"]) texts.push((await tab.visit(path)).text);
    expect(texts).toEqual(["1", "2", "1", "3"]);
    expect(stores.map((store) => store.take().create)).toEqual([1, 1]);
  });
});

test("two applications of one process keep to their own stores", async () => {
  const apps = [own("one"), own("two")];
  const [one, two] = await Promise.all(
    apps.map(({ visits }) => tabAt(nodeSession(visits, (req, res) => res.end(String(count(req.session)))))),
  );
  for (let round = 0; round < 3; round++) await Promise.all([one?.visit("/"), two?.visit("/")]);
  const cookie = one?.cookies() ?? "";
  expect((await one?.visit("/"))?.text).toBe("4");
  expect((await two?.visit("/", { cookie: cookie.replace("one=", "two=") }))?.text).toBe("1");
  expect(apps.map(({ store }) => store.take().create)).toEqual([1, 2]);
});

describe("tenants", () => {
  /** Each tenant's sessions are made when it is first seen; the cookie's options are its own. */
  function tenants() {
    const known = new Map<string, Fixture>();
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
      const app = express5();
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
    expect([...known.values()].map(({ store }) => store.take().create)).toEqual([1, 1, 1]);
  });
});
