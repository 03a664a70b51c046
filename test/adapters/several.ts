/** Every adapter with several sessions, each under a name, store and cookie of its own. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Hono } from "hono";
import { H3, toNodeHandler } from "h3";
import { createApp, eventHandler, toNodeListener } from "h3v1";
import fastify from "fastify";
import { session as expressSession } from "../../src/adapters/express.ts";
import { session as fastifySession } from "../../src/adapters/fastify.ts";
import { session as fetchSession } from "../../src/adapters/fetch.ts";
import { session as h3v1Session } from "../../src/adapters/h3-v1.ts";
import { session as h3Session } from "../../src/adapters/h3.ts";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { session as koaSession } from "../../src/adapters/koa.ts";
import { SessionModule } from "../../src/adapters/nest.ts";
import { session as nextSession } from "../../src/adapters/next.ts";
import { session as nodeSession } from "../../src/adapters/node.ts";
import type { SessionInterface } from "../../src/index.ts";
import type { Served } from "../../src/testing/index.ts";
import type { Data } from "./fixtures.ts";
import { type Host as NestHost, hostOf, moduleOf, start } from "./nest-servers.ts";
import { EXPRESS, KOA, bridge, listen, listenFastify, listenKoa } from "./servers.ts";
import { listenWeb } from "./web-servers.ts";

/** When a session is loaded. */
export type Load = "eager" | "lazy";

/** The kinds of two sessions. */
export const LOADS: readonly (readonly [Load, Load])[] = [
  ["eager", "eager"],
  ["lazy", "lazy"],
  ["eager", "lazy"],
];

/** The options that most adapters have. */
interface Options {
  load: Load;
  property: string;
  lock?: boolean;
}

/** The sessions of an application, from the first that is mounted to the last. */
export type Mounts = readonly (readonly [visits: SessionInterface<Data>, options: Options])[];

/** Answers a path, with what a framework has under a name: a session, a promise of it, or a function that gives one. */
export type Answer = (path: string, find: (name: string) => unknown) => Promise<string>;

/** Serves an application that has all of them. */
export type Serve = (mounts: Mounts, answer: Answer) => Served | Promise<Served>;

const at = (holder: object) => (name: string) => Reflect.get(holder, name) as unknown;

function overExpress(express: (typeof EXPRESS)[string]): Serve {
  return (mounts, answer) => {
    const app = express();
    for (const [visits, options] of mounts) app.use(expressSession(visits, options));
    app.use((req, res, next) => void answer(req.path, at(req)).then((text) => res.send(text), next));
    return listen(app);
  };
}

function overKoa(koa: (typeof KOA)[string]): Serve {
  return (mounts, answer) => {
    const app = koa();
    app.silent = true;
    for (const [visits, options] of mounts) app.use(koaSession(visits, options));
    app.use(async (ctx) => (ctx.body = await answer(ctx.path, at(ctx))));
    return listenKoa(app);
  };
}

function overNest(host: NestHost): Serve {
  return (mounts, answer) => {
    const modules = mounts.map(([visits, { load, property }]) => SessionModule.forRoot(visits, { load, property }));
    return start(
      moduleOf(modules, async (request) => ({ body: await answer(request.url, at(request)) })),
      hostOf(host),
    );
  };
}

const overFastify: Serve = async (mounts, answer) => {
  const app = fastify();
  for (const [sessions, options] of mounts) await app.register(fastifySession, { sessions, ...options });
  app.get("/*", async (request) => answer(request.url, at(request)));
  return listenFastify(app);
};

const overNode: Serve = (mounts, answer) => {
  let listener = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    res.end(await answer(String(req.url), at(req)));
  };
  for (const [visits, options] of mounts.toReversed())
    listener = nodeSession(visits, listener, options) as typeof listener;
  return listen((req, res) => void listener(req, res));
};

const overHono: Serve = (mounts, answer) => {
  const app = new Hono();
  app.onError((error, c) => ("getResponse" in error ? error.getResponse() : c.text("oops", 500)));
  for (const [visits, options] of mounts) app.use(honoSession(visits, options));
  app.get("*", async (c) => c.text(await answer(c.req.path, (name) => c.get(name as never))));
  return listenWeb(app);
};

const overH3: Serve = (mounts, answer) => {
  const app = new H3({ silent: true });
  for (const [visits, options] of mounts) app.use(h3Session(visits, options));
  app.get("/**", (event) => answer(event.url.pathname, at(event.context)));
  return listen(toNodeHandler(app));
};

const overH3v1: Serve = (mounts, answer) => {
  const app = createApp({ onError: (error) => void (error.unhandled = false) });
  for (const [visits, options] of mounts) app.use(h3v1Session(visits, options));
  app.use(eventHandler((event) => answer(event.path, at(event.context))));
  return listen(toNodeListener(app));
};

type WebHandler = (request: Request, found: Readonly<Record<string, unknown>>) => Promise<Response>;

/** Handlers of web standards are given a session each, and name it themselves. */
const overFetch: Serve = (mounts, answer) => {
  let handler: WebHandler = async ({ url }, found) => {
    return new Response(await answer(new URL(url).pathname, (name) => found[name]));
  };
  for (const [visits, { property }] of mounts.toReversed()) {
    const inner = handler;
    handler = fetchSession(visits, (request, { session }, found: Parameters<WebHandler>[1]) => {
      return inner(request, { ...found, [property]: session });
    });
  }
  return listen(bridge((request) => handler(request, {})));
};

/** Route handlers of Next, which are given nothing but the request. */
const overNext: Serve = (mounts, answer) => {
  const noPage = () => Promise.reject(new Error("no page is rendered"));
  const made = mounts.map(
    ([visits, { property }]) => [property, nextSession(visits, { cookies: noPage, headers: noPage })] as const,
  );
  const byName = Object.fromEntries(made);
  let handler = async ({ url }: Request): Promise<Response> => {
    return new Response(await answer(new URL(url).pathname, (name) => byName[name]?.getSession));
  };
  for (const [, { withSession }] of made.toReversed()) handler = withSession(handler);
  return listen(bridge(handler));
};

/** An adapter with several sessions. */
export interface Host {
  serve: Serve;
  /** The kinds that there are. Default: all. */
  loads?: typeof LOADS;
  /** What becomes of a name that is mounted twice. Absent where names are the application's own. */
  twice?: "ignored" | "refused";
  /** Whether a session that is mounted once more, with `lock`, is locked. */
  locks?: boolean;
  /** Which of several code below the handler finds. Absent where it finds none. */
  ambient?: "first" | "last";
}

const ALL = { twice: "ignored", locks: true, ambient: "first" } as const;

export const HOSTS: Readonly<Record<string, Host>> = {
  ...named(EXPRESS, overExpress),
  ...named(KOA, overKoa),
  Fastify: { serve: overFastify, twice: "refused", ambient: "first" },
  "Nest on Express": { serve: overNest("Express"), twice: "ignored", ambient: "first" },
  "Nest on Fastify": { serve: overNest("Fastify"), twice: "refused", ambient: "first" },
  "node:http": { ...ALL, serve: overNode },
  "h3 2": { ...ALL, serve: overH3 },
  "h3 1": { serve: overH3v1, twice: "ignored", locks: true },
  fetch: { serve: overFetch, loads: [["lazy", "lazy"]], ambient: "last" },
  "Next's route handlers": { serve: overNext, loads: [["lazy", "lazy"]], ambient: "last" },
  // Last: its server puts another `Response` in the place of Node's, with which h3 loses the status of an error.
  Hono: { ...ALL, serve: overHono },
};

function named<Framework>(
  frameworks: Readonly<Record<string, Framework>>,
  over: (framework: Framework) => Serve,
): Record<string, Host> {
  const entries = Object.entries(frameworks);
  return Object.fromEntries(entries.map(([name, framework]) => [name, { ...ALL, serve: over(framework) }]));
}
