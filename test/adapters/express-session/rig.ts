/** What the tests of the drop-in share: servers with sessions of either package, and stores that can be held. */
import type { IncomingMessage, ServerResponse } from "node:http";
import expressSession from "express-session";
import { afterEach } from "vitest";
import { type SessionOptions, type SessionRequest, session } from "../../../src/adapters/express-session.ts";
import type { Session, SessionData } from "../../../src/compat/express-session/session.ts";
import { type Browser, browser } from "../../../src/testing/browser.ts";
import { deferred } from "../../../src/testing/internal/adapter-stage.ts";
import { listen } from "../servers.ts";

export const SECRET = "a-secret-of-the-drop-in_for-tests-only";

/** What a handler of a test finds. */
export type Request = SessionRequest & { session: Session & SessionData & Record<string, unknown>; sessionID: string };
export type Handler = (request: Request, response: ServerResponse) => unknown;
type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

const served: { close(): unknown }[] = [];
afterEach(async () => {
  for (const { close } of served.splice(0)) await close();
});

/** A server, and what its error handler was told. */
export interface Site {
  url: string;
  errors: unknown[];
  tab(https?: boolean): Browser;
}

/** Serves a handler behind a middleware; what fails is answered as Express would. */
async function serve(middleware: Middleware, handler: Handler): Promise<Site> {
  const errors: unknown[] = [];
  const listening = await listen((request, response) => {
    const fail = (error: unknown) => {
      errors.push(error);
      if (response.headersSent) return;
      response.statusCode = 500;
      response.end((error as Error).message);
    };
    middleware(request, response, (error) => {
      if (error) return fail(error);
      void run(handler, request as Request, response, fail);
    });
  });
  served.push(listening);
  return { url: listening.url, errors, tab: (https = false) => browser(listening.url, { https }) };
}

async function run(handler: Handler, request: Request, response: ServerResponse, fail: (error: unknown) => void) {
  try {
    await handler(request, response);
  } catch (error) {
    fail(error);
  }
}

const USUAL = { secret: SECRET, resave: false, saveUninitialized: false };

/** A site with the drop-in. */
export function site(options: SessionOptions, handler: Handler): Promise<Site> {
  return serve(session({ ...USUAL, ...options }), handler);
}

/** A site with express-session itself. */
export function originalSite(options: object, handler: Handler): Promise<Site> {
  return serve(expressSession({ ...USUAL, ...options }), handler);
}

/** Does to the session what the path says, and answers with its data. */
export const act: Handler = async (request, response) => {
  const [, verb, name = "", value = ""] = (request.url ?? "").split("/");
  const acts: Record<string, () => unknown> = {
    set: () => (request.session[name] = value),
    delete: () => delete request.session[name],
    count: () => (request.session["count"] = Number(request.session["count"] ?? 0) + 1),
    deep: () => (request.session["deep"] = { list: [1, { a: null }], at: new Date(0) }),
    maxAge: () => (request.session.cookie.maxAge = Number(name)),
    expires: () => (request.session.cookie.expires = new Date(Number(name))),
    browser: () => (request.session.cookie.expires = null),
    touch: () => request.session.touch(),
    unset: () => Reflect.set(request, "session", null),
    save: () => called((done) => request.session.save(done)),
    reload: () => called((done) => request.session.reload(done)),
    destroy: () => called((done) => request.session.destroy(done)),
    regenerate: () => called((done) => request.session.regenerate(done)),
    login: async () => {
      await called((done) => request.session.regenerate(done));
      request.session["user"] = name;
      await called((done) => request.session.save(done));
    },
    stream: () => response.write("begun "),
  };
  await acts[verb ?? ""]?.();
  const { cookie: _cookie, ...data } = request.session ?? {};
  response.end(JSON.stringify(data));
};

/** What a session calls back with; express-session's own has no promises. */
export function called(call: (done: (error?: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => void call((error) => (error ? reject(error) : resolve())));
}

/** A handler whose requests to `/wait/…` do what follows, and answer when they are let go. */
function waiting(): { handler: Handler; begun: Promise<void>; letGo: () => void } {
  const [begun, gate] = [deferred(), deferred()];
  const handler: Handler = async (request, response) => {
    if (!request.url?.startsWith("/wait/")) return act(request, response);
    begun.resolve();
    await gate.promise;
    request.url = request.url.slice("/wait".length);
    return act(request, response);
  };
  return { handler, begun: begun.promise, letGo: gate.resolve };
}

/**
 * Has a browser log in, begin a slow request, and do something else, perhaps elsewhere, before that is answered. Gives what
 * is left, the status and how many cookies the slow request set.
 */
export async function race(
  open: (handler: Handler) => Promise<Site | [here: Site, there: Site]>,
  slow: string,
  ...meanwhile: string[]
): Promise<string[]> {
  const { handler, begun, letGo } = waiting();
  const opened = await open(handler);
  const [here, there] = Array.isArray(opened) ? opened : [opened, opened];
  const tab = here.tab();
  await tab.visit("/set/user/ada");
  const sent = tab.cookies() ?? "";
  const late = tab.visit(`/wait${slow}`, { cookie: sent });
  await begun;
  for (const path of meanwhile) await there.tab().visit(path, { cookie: sent });
  letGo();
  const { setCookies, status } = await late;
  const { text } = await here.tab().visit("/", { cookie: sent });
  return [text, `${status}`, `${setCookies.length}`];
}
