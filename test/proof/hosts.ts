/** The adapters whose responses the proof looks at, each over a server of its framework. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { fileURLToPath } from "node:url";
import type { Express, Response as ExpressResponse } from "express";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { session as expressSession } from "../../src/adapters/express.ts";
import { session as nodeSession } from "../../src/adapters/node.ts";
import type { Session, SessionInterface } from "../../src/index.ts";
import type { Act, AdapterKit, Answer, KitData, Served } from "../../src/testing/internal/adapter-stage.ts";
import { later } from "../servers/adapters.ts";
import { EXPRESS, KOA, listen, overExpress, overFastify, overFetch, overKoa, overNode } from "../adapters/servers.ts";

/** A server, as the adapter's kit has it, and what else its handlers can answer with. */
export interface Host {
  readonly serve: AdapterKit["serve"];
  /** Starts a server whose handlers are given a response of Node's. */
  readonly respond?: (sessions: SessionInterface<KitData>, handler: Handler) => Promise<Served>;
}

/** Answers a request by Node's own means. */
type Handler = (path: string, session: () => Session<KitData>, response: ServerResponse) => unknown;

const nest = () => import("../adapters/nest-servers.ts");
const web = () => import("../adapters/web-servers.ts");

/** A new adapter is a line here. */
export const HOSTS: Readonly<Record<string, Host>> = {
  "node:http": { serve: overNode("eager"), respond: respondByNode },
  ...Object.fromEntries(Object.entries(EXPRESS).map(([name, express]) => [name, overExpressAs(express)])),
  fastify: { serve: overFastify("eager") },
  ...Object.fromEntries(Object.entries(KOA).map(([name, koa]) => [name, { serve: overKoa(koa, "eager") }])),
  "Nest on Express": { serve: later(async () => (await nest()).overNest("Express", "eager")) },
  "Nest on Fastify": { serve: later(async () => (await nest()).overNest("Fastify", "eager")) },
  "h3 1": { serve: later(async () => (await web()).overH3v1("eager")) },
  "h3 2": { serve: later(async () => (await web()).overH3("eager")) },
  fetch: { serve: overFetch() },
  // Last: its server puts another `Response` in the place of Node's, with which h3 loses the status of an error.
  hono: { serve: later(async () => (await web()).overHono("eager")) },
};

function overExpressAs(express: () => Express): Host {
  // In any other environment it prints every error.
  const quiet = () => express().set("env", "test");
  return {
    serve: overExpress(quiet, "eager"),
    respond(sessions, handler) {
      const app = quiet().use(expressSession(sessions));
      app.use((req, res) => handler(req.path, () => req.session, res));
      return listen(app);
    },
  };
}

function respondByNode(sessions: SessionInterface<KitData>, handler: Handler): Promise<Served> {
  const pathOf = ({ url = "/" }: IncomingMessage) => url;
  return listen(nodeSession(sessions, (req, res) => handler(pathOf(req), () => req.session, res)));
}

/** A way to answer: what the request is, and how the answer begins. */
interface Way {
  readonly method?: string;
  readonly status?: number;
  readonly body?: string;
}

/** Ways that every framework has. */
const ANSWERS: Readonly<Record<string, Way & { readonly answer: () => Answer }>> = {
  text: { answer: () => ({ body: "one" }), body: "one" },
  bytes: { answer: () => ({ body: Buffer.from("one") }), body: "one" },
  stream: { answer: () => ({ body: pieces() }), body: "one" },
  nothing: { answer: () => ({}), body: "" },
  redirect: { answer: () => ({ status: 302, headers: [["Location", "/plain"]] }), status: 302 },
  "not modified": { answer: () => ({ status: 304 }), status: 304, body: "" },
  head: { answer: () => ({ body: "one" }), method: "HEAD", body: "" },
};

async function* pieces(): AsyncGenerator<string> {
  yield "on";
  yield "e";
}

/** Ways to send a response of Node's. */
const SENDERS: Readonly<Record<string, Way & { readonly send: (response: ServerResponse) => unknown }>> = {
  end: { send: (res) => res.end("one"), body: "one" },
  "write and end": { send: (res) => (res.write("on"), res.end("e")), body: "one" },
  writeHead: { send: (res) => res.writeHead(201).end("one"), status: 201, body: "one" },
  flushHeaders: { send: (res) => (res.flushHeaders(), res.end("one")), body: "one" },
  pipe: { send: (res) => Readable.from(pieces()).pipe(res), body: "one" },
  pipeline: { send: (res) => pipeline(pieces(), res).catch(() => undefined), body: "one" },
  "early hints": {
    send: (res) => (res.writeEarlyHints({ link: "</a.css>; rel=preload" }), res.end("one")),
    body: "one",
  },
  sendFile: { send: (res) => ("sendFile" in res ? (res as ExpressResponse).sendFile(FILE) : res.end("one")) },
};

const FILE = fileURLToPath(new URL("../public-names.json", import.meta.url));

/** A host with one of the two kinds of ways. */
export interface Stage {
  readonly ways: Readonly<Record<string, Way>>;
  /** Answers `/WAY/ACTION` after `act` was given the action and the session. What is no such path is answered at once. */
  start(sessions: SessionInterface<KitData>, act: Action): Served | Promise<Served>;
}

/** What a handler does with its session before it answers. */
export type Action = (name: string, session: Session<KitData>, response?: ServerResponse) => unknown;

/** The stages on which a host is shown. */
export function stagesOf({ serve, respond }: Host): Stage[] {
  const common: Stage = { ways: ANSWERS, start: (sessions, act) => serve(sessions, answering(act)) };
  if (!respond) return [common];
  return [common, { ways: SENDERS, start: (sessions, act) => respond(sessions, sending(act)) }];
}

function answering(act: Action): Act {
  return async (path, session) => {
    const [way, action] = wordsOf(path);
    if (action !== undefined) await act(action, await session());
    return ANSWERS[way]?.answer() ?? { body: "plain" };
  };
}

function sending(act: Action): Handler {
  return async (path, session, response) => {
    const [way, action] = wordsOf(path);
    if (action !== undefined) await act(action, session(), response);
    return (SENDERS[way]?.send ?? ((res: ServerResponse) => res.end("plain")))(response);
  };
}

function wordsOf(path: string): [way: string, action: string | undefined] {
  const [way = "", action] = decodeURIComponent(path).split("/").slice(1);
  return [way, action];
}
