import { createServer } from "node:http";
import express5 from "express";
import express4 from "express4";
import { H3 } from "h3";
import { Hono } from "hono";
import fastify from "fastify";
import koa, { type Context } from "koa";
import { expectTypeOf, test } from "vitest";
import { session as expressSession } from "../../src/adapters/express.ts";
import { session as fastifySession } from "../../src/adapters/fastify.ts";
import { session as fetchSession } from "../../src/adapters/fetch.ts";
import { session as h3Session } from "../../src/adapters/h3.ts";
import { type SessionVariables, session as honoSession } from "../../src/adapters/hono.ts";
import { session as koaSession } from "../../src/adapters/koa.ts";
import { type SessionRequest, session as nodeSession } from "../../src/adapters/node.ts";
import type { Session, SessionInterface } from "../../src/index.ts";

interface Visit {
  user: string;
  visits: number;
}

interface Staff {
  name: string;
}

declare const visits: SessionInterface<Visit>;
declare const staff: SessionInterface<Staff>;

test("a handler of node:http knows its data from the sessions", () => {
  nodeSession(visits, (req, res) => {
    expectTypeOf(req.session).toEqualTypeOf<Session<Visit>>();
    expectTypeOf(req.session.user).toEqualTypeOf<string | undefined>();
    expectTypeOf(req.session.get("user", "nobody")).toEqualTypeOf<string>();
    res.end();
  });
  nodeSession(visits, (req) => expectTypeOf(req.session).toEqualTypeOf<Session<Visit>>(), { load: "eager" });
});

test("a lazy handler of node:http has a promise", () => {
  nodeSession(visits, (req) => expectTypeOf(req.session).toEqualTypeOf<Promise<Session<Visit>>>(), { load: "lazy" });
});

test("a handler of node:http knows the data of two sessions, by their names", () => {
  const handler = nodeSession(
    staff,
    (req: SessionRequest<Visit> & SessionRequest<Staff, "lazy", "staff">, res) => {
      expectTypeOf(req.session).toEqualTypeOf<Session<Visit>>();
      expectTypeOf(req.staff).toEqualTypeOf<Promise<Session<Staff>>>();
      // @ts-expect-error -- nobody mounted it
      res.end(String(req.stuff));
    },
    { load: "lazy", property: "staff" },
  );
  createServer(nodeSession(visits, handler));
  // @ts-expect-error -- the visitor's is missing
  createServer(handler);
});

test("a session is read, not assigned", () => {
  nodeSession(visits, (req) => {
    expectTypeOf(req.session.visits).toEqualTypeOf<number | undefined>();
    // @ts-expect-error -- only its data is
    req.session = undefined;
    // @ts-expect-error -- a number
    req.session.visits = "one";
  });
});

test("a fetch handler knows its data, and what else the host gives", () => {
  const handler = fetchSession(visits, async (_request, context, env: { region: string }) => {
    expectTypeOf(await context.session()).toEqualTypeOf<Session<Visit>>();
    return new Response(env.region);
  });
  expectTypeOf(handler).toEqualTypeOf<(request: Request, env: { region: string }) => Promise<Response>>();
  expectTypeOf(fetchSession(visits, () => new Response())).toEqualTypeOf<(request: Request) => Promise<Response>>();
});

test("both versions of Express take the middleware, and know req.session", () => {
  const middleware = expressSession(visits, { load: "lazy" });
  express5().use(middleware, (req) => expectTypeOf(req.session).toEqualTypeOf<Session>());
  express4().use(middleware, (req) => expectTypeOf(req.session).toEqualTypeOf<Session>());
  express5().get("/", middleware, (req) => expectTypeOf(req.session.regenerate()).toBeVoid());
  express4.Router().use("/", middleware);
});

test("a handler of Hono knows its data from the middleware before it", () => {
  new Hono().use(honoSession(visits)).get("/", async (c) => {
    expectTypeOf(c.var.session).toEqualTypeOf<() => Promise<Session<Visit>>>();
    expectTypeOf((await c.get("session")()).user).toEqualTypeOf<string | undefined>();
    return c.text("");
  });
  new Hono().use(honoSession(visits, { load: "eager" })).get("/", (c) => {
    expectTypeOf(c.var.session).toEqualTypeOf<Session<Visit>>();
    // @ts-expect-error -- a number
    c.var.session.visits = "one";
    return c.text("");
  });
});

test("a handler of Hono knows the data of two sessions, by their names", () => {
  const both = new Hono().use(honoSession(visits)).use(honoSession(staff, { load: "eager", property: "staff" }));
  both.get("/", async (c) => {
    expectTypeOf(await c.var.session()).toEqualTypeOf<Session<Visit>>();
    expectTypeOf(c.var.staff).toEqualTypeOf<Session<Staff>>();
    // @ts-expect-error -- nobody mounted it
    return c.text(String(c.var.stuff));
  });
  type Variables = SessionVariables<Visit> & SessionVariables<Staff, "eager", "staff">;
  new Hono<{ Variables: Variables }>().get("/", async (c) => {
    expectTypeOf(await c.var.session()).toEqualTypeOf<Session<Visit>>();
    expectTypeOf(c.var.staff.name).toEqualTypeOf<string | undefined>();
    return c.text("");
  });
});

test("a part of a Hono application knows its data from its own variables", () => {
  new Hono<{ Variables: SessionVariables<Visit> }>().get("/", async (c) => {
    expectTypeOf(await c.var.session()).toEqualTypeOf<Session<Visit>>();
    return c.text("");
  });
  new Hono<{ Variables: SessionVariables<Visit, "eager"> }>().use(honoSession(visits, { load: "eager" }));
});

test("a handler of h3 knows event.context.session", () => {
  new H3().use(h3Session(visits)).get("/", async (event) => {
    expectTypeOf(event.context.session).toEqualTypeOf<() => Promise<Session>>();
    expectTypeOf(await event.context.session()).toEqualTypeOf<Session>();
  });
});

test("Fastify takes the plugin whatever its server, sessions of any data, and knows request.session", () => {
  const app = fastify();
  app.register(fastifySession, { sessions: visits, load: "lazy", property: "session" });
  app.get("/", (request) => expectTypeOf(request.session).toEqualTypeOf<Session>());
  app.addHook("onRequest", async (request) => expectTypeOf(request.session.regenerate()).toBeVoid());
  const secure = fastify({ http2: true, https: {}, logger: true });
  secure.register(fastifySession, { sessions: visits });
  secure.get("/", (request) => expectTypeOf(request.session).toEqualTypeOf<Session>());
  // @ts-expect-error -- without sessions there are none
  app.register(fastifySession, { load: "lazy" });
  // @ts-expect-error -- one of two
  app.register(fastifySession, { sessions: visits, load: "late" });
});

test("Koa takes the middleware whatever its own state and context, and knows ctx.session", () => {
  new koa().use(koaSession(visits)).use((ctx) => expectTypeOf(ctx.session).toEqualTypeOf<Session>());
  const own = new koa<{ user: string }, { db: number }>().use(koaSession(visits, { load: "lazy" }));
  own.use((ctx) => {
    expectTypeOf(ctx.session).toEqualTypeOf<Session>();
    expectTypeOf(ctx.db).toBeNumber();
  });
  expectTypeOf<Context["session"]>().toEqualTypeOf<Session>();
});
