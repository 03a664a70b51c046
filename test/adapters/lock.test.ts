import express from "express";
import fastify from "fastify";
import Koa from "koa";
import { H3, toNodeHandler } from "h3";
import { createApp, eventHandler, toNodeListener } from "h3v1";
import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { session as overExpress } from "../../src/adapters/express.ts";
import { session as overFastify } from "../../src/adapters/fastify.ts";
import { session as overFetch } from "../../src/adapters/fetch.ts";
import { session as overH3 } from "../../src/adapters/h3.ts";
import { session as overH3v1 } from "../../src/adapters/h3-v1.ts";
import { session as overHono } from "../../src/adapters/hono.ts";
import { session as overKoa } from "../../src/adapters/koa.ts";
import { session as overNode } from "../../src/adapters/node.ts";
import { type Session, type SessionInterface, cookieSessions, sessions } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { browser } from "../../src/testing/browser.ts";
import { KEY } from "../core/helpers.ts";
import { bridge, listen } from "./servers.ts";
import { listenWeb } from "./web-servers.ts";

interface Account {
  user: string;
  paid: number;
}

/** What may not run twice at once: it counts by assignment, and is told how many are inside. */
function cashier() {
  const inside = { now: 0, most: 0 };
  const pay = async (session: Partial<Account>) => {
    inside.most = Math.max(inside.most, ++inside.now);
    const paid = session.paid ?? 0;
    await new Promise((resolve) => setImmediate(resolve));
    session.paid = paid + 1;
    inside.now--;
    return String(session.paid);
  };
  return { inside, pay };
}

type Pay = ReturnType<typeof cashier>["pay"];

const LOCKED = { lock: true };
const login = (session: Session<Account>) => ((session.user = "ada"), "0");

const hosts: Record<
  string,
  (visits: SessionInterface<Account>, pay: Pay) => Promise<{ url: string; close(): unknown }>
> = {
  express(visits, pay) {
    const app = express();
    app.use(overExpress(visits));
    app.get("/login", (req, res) => void res.send(login(req.session as Session<Account>)));
    app.get("/pay", overExpress(visits, LOCKED), (req, res, next) => {
      pay(req.session as Session<Account>).then((text) => res.send(text), next);
    });
    return listen(app);
  },
  "express, for all routes": (visits, pay) => {
    const app = express().use(overExpress(visits, { ...LOCKED, load: "lazy" }));
    app.use((req, res, next) => {
      const session = req.session as unknown as Promise<Session<Account>>;
      session.then(req.path === "/pay" ? pay : login).then((text) => res.send(text), next);
    });
    return listen(app);
  },
  async fastify(visits, pay) {
    const app = fastify();
    await app.register(overFastify, { sessions: visits });
    app.get("/login", async (request) => login(request.session as Session<Account>));
    app.get("/pay", { config: LOCKED }, async (request) => pay(request.session as Session<Account>));
    return { url: await app.listen({ port: 0, host: "127.0.0.1" }), close: () => app.close() };
  },
  koa(visits, pay) {
    const app = new Koa().use(overKoa(visits));
    const locking = overKoa(visits, LOCKED);
    app.use(async (ctx, next) => (ctx.path === "/pay" ? locking(ctx, next) : next()));
    app.use(async (ctx) => {
      const current = ctx.session as Session<Account>;
      ctx.body = await (ctx.path === "/pay" ? pay(current) : login(current));
    });
    const answer = app.callback();
    return listen((req, res) => void answer(req, res));
  },
  node: (visits, pay) =>
    listen(
      overNode(
        visits,
        async ({ url, session }, res) => res.end(await (url === "/pay" ? pay(session) : login(session))),
        LOCKED,
      ),
    ),
  fetch: (visits, pay) => {
    const handler = async (request: Request, { session }: { session: () => Promise<Session<Account>> }) => {
      const current = await session();
      return new Response(await (request.url.endsWith("/pay") ? pay(current) : login(current)));
    };
    return listen(bridge(overFetch(visits, handler, LOCKED)));
  },
};

type Lazy = () => Promise<Session<Account>>;

const routed: typeof hosts = {
  "hono, on one route": (visits, pay) => {
    const app = new Hono().use(overHono(visits));
    app.get("/login", async (c) => c.text(login(await c.var.session())));
    app.get("/pay", overHono(visits, LOCKED), async (c) => c.text(await pay(await c.var.session())));
    return listenWeb(app);
  },
  "h3, on one route": (visits, pay) => {
    const app = new H3({ silent: true }).use(overH3(visits)).use("/pay", overH3(visits, LOCKED));
    app.get("/login", async ({ context }) => login((await context.session()) as Session<Account>));
    app.get("/pay", async ({ context }) => pay((await context.session()) as Session<Account>));
    return listen(toNodeHandler(app));
  },
  "h3 1, for all routes": (visits, pay) => {
    const app = createApp().use(overH3v1(visits, LOCKED));
    const handle = async (context: Record<string, unknown>, path: string) => {
      const current = await (context["session"] as Lazy)();
      return path === "/pay" ? pay(current) : login(current);
    };
    return listen(toNodeListener(app.use(eventHandler(({ context, path }) => handle(context, path)))));
  },
};

describe.each(Object.entries({ ...hosts, ...routed }))("lock: true over %s", (_name, serve) => {
  test("has each request alone with its session", async () => {
    const visits = sessions<Account>({ store: memoryStore(), keys: { current: KEY } });
    const { inside, pay } = cashier();
    const { url, close } = await serve(visits, pay);
    const tab = browser(url);
    await tab.visit("/login");
    const answers = await Promise.all(Array.from({ length: 6 }, () => tab.visit("/pay")));
    expect(answers.map(({ text }) => text).toSorted()).toEqual(["1", "2", "3", "4", "5", "6"]);
    expect(inside.most).toBe(1);
    await close();
  });
});

test("a lock is given back where the handler never asked for its session", async () => {
  const visits = sessions<Account>({ store: memoryStore(), keys: { current: KEY } });
  const app = express().use(overExpress(visits, { load: "lazy" }));
  app.get("/login", async (req, res) => {
    const session = req.session as unknown as Promise<Session<Account>>;
    res.send(login(await session));
  });
  app.get("/look", overExpress(visits, { lock: { wait: 0.01 } }), (_req, res) => void res.send("looked"));
  const { url, close } = await listen(app);
  const tab = browser(url);
  await tab.visit("/login");
  expect([(await tab.visit("/look")).status, (await tab.visit("/look")).status]).toEqual([200, 200]);
  await close();
});

test("lock is refused for sessions that cannot be locked", () => {
  const inCookie = cookieSessions<Account>({ keys: { current: KEY } });
  for (const create of [
    () => overExpress(inCookie, LOCKED),
    () => overNode(inCookie, () => undefined, LOCKED),
    () => overFetch(inCookie, () => new Response(), LOCKED),
  ]) {
    expect(create).toThrow("lock needs sessions() over a store");
  }
});

test("who waits too long for a locked session is answered with 409", async () => {
  const visits = sessions<Account>({ store: memoryStore(), keys: { current: KEY } });
  const { url, close } = await listen(
    overNode(visits, async (_req, res) => res.end("never"), { lock: { wait: 0.01 } }),
  );
  const first = await visits.open({ cookie: undefined, secure: false });
  first.user = "ada";
  const { headers } = await visits.save(first);
  const cookie = headers.find(([name]) => name === "Set-Cookie")?.[1].split(";")[0] ?? "";
  await visits.lock?.(await visits.open({ cookie, secure: false }));
  expect((await fetch(url, { headers: { cookie } })).status).toBe(409);
  await close();
});
