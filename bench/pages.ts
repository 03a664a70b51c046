/** The pages that every contender serves. How each does its part with the session is in contenders/. */
import { setTimeout as sleep } from "node:timers/promises";
import express, { type Express, type RequestHandler } from "express";

/** What a contender does on the pages that use the session; each answers with a few bytes. */
export interface Pages {
  /** Reads one key. */
  read: RequestHandler;
  /** Raises a counter. */
  count: RequestHandler;
  /** Puts the user into a session of a new id. */
  login: RequestHandler;
  /** Sets the key that the path names. */
  set: RequestHandler<{ key: string }>;
  /** Tells how many such keys there are. */
  keys: RequestHandler;
}

/** How long the handler of `/set` takes before its answer, in milliseconds: a query of its own, say. */
const WORK = 3;

/** An app of these pages behind a contender's middleware. */
export function appOf(middleware: readonly RequestHandler[], pages: Pages): Express {
  const app = express();
  for (const handler of middleware) app.use(handler);
  app.get("/", (_req, res) => void res.send("hello"));
  app.get("/read", pages.read);
  app.get("/count", pages.count);
  app.get("/login", pages.login);
  app.get("/set/:key", pages.set);
  app.get("/keys", pages.keys);
  return app;
}

/** The work of a handler between its use of the session and its answer. */
export async function work(): Promise<void> {
  await sleep(WORK);
}

/** How many keys of `/set` there are in the data of a session. */
export function countKeys(data: object): string {
  return String(Object.keys(data).filter((key) => key.startsWith("key")).length);
}
