import { randomBytes } from "node:crypto";
import type { APIContext, MiddlewareHandler, MiddlewareNext } from "astro";
import { sessions } from "flagon";
import { session } from "flagon/fetch";
import { fileStore } from "flagon/file";

const visits = sessions<App.Visit>({
  store: fileStore({ directory: ".sessions" }),
  keys: { current: process.env["SECRET_KEY"] ?? randomBytes(32) },
});

const withSession = session(visits, (_request, { session: visit }, context: APIContext, next: MiddlewareNext) => {
  context.locals.visit = visit;
  return next();
});

export const onRequest: MiddlewareHandler = (context, next) => withSession(context.request, context, next);
