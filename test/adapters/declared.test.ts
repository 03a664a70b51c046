import { expect, test } from "vitest";
import { complaintsOf } from "./program.ts";

const FILES = {
  flagon: "src/index.ts",
  "flagon/express": "src/adapters/express.ts",
  "flagon/h3": "src/adapters/h3.ts",
  h3: "node_modules/h3/dist/_entries/generic.d.mts",
  "flagon/fastify": "src/adapters/fastify.ts",
  "flagon/koa": "src/adapters/koa.ts",
  express: "node_modules/@types/express/index.d.ts",
  fastify: "node_modules/fastify/fastify.d.ts",
  koa: "node_modules/@types/koa/index.d.ts",
};

const PROGRAM = `
import express from "express";
import fastify from "fastify";
import { type Session, type SessionInterface } from "flagon";
import { session } from "flagon/express";
import { session as plugin } from "flagon/fastify";
import { session as middleware } from "flagon/koa";
import Koa from "koa";

declare module "flagon" {
  interface SessionData { user: string; visits: number }
}

declare const visits: SessionInterface;
const app = express().use(session(visits));

app.get("/", (req, res) => {
  const current: Session = req.session;
  const user: string | undefined = current.user;
  const count: number = req.session.update("visits", (n) => (n ?? 0) + 1);
  // @ts-expect-error -- a number
  req.session.visits = "one";
  // @ts-expect-error -- nobody declared it
  res.send(user ?? count ?? req.session.nothing);
});

const server = fastify();
void server.register(plugin, { sessions: visits });
server.get("/", (request) => {
  const user: string | undefined = request.session.user;
  // @ts-expect-error -- a number
  request.session.visits = "one";
  // @ts-expect-error -- nobody declared it
  return user ?? request.session.nothing;
});

new Koa().use(middleware(visits)).use((ctx) => {
  const user: string | undefined = ctx.session.user;
  // @ts-expect-error -- a number
  ctx.session.visits = "one";
  // @ts-expect-error -- nobody declared it
  ctx.body = user ?? ctx.session.nothing;
});
`;

const H3_PROGRAM = `
import { H3 } from "h3";
import type { SessionInterface } from "flagon";
import { session } from "flagon/h3";

declare module "flagon" {
  interface SessionData { user: string; visits: number }
}
declare module "flagon/h3" {
  interface H3Setup { load: "eager" }
}

declare const visits: SessionInterface;
new H3().use(session(visits, { load: "eager" })).get("/", (event) => {
  const user: string | undefined = event.context.session.user;
  // @ts-expect-error -- a number
  event.context.session.visits = "one";
  // @ts-expect-error -- nobody declared it
  return user ?? event.context.session.nothing;
});
`;

test.each([
  ["req.session", PROGRAM],
  ["event.context.session, and its kind with H3Setup", H3_PROGRAM],
])("declaring SessionData once types %s everywhere", (_what, program) => {
  expect(complaintsOf(program, FILES)).toBe("");
});
