/** Real servers for the adapter kit and for the tests beside it. */
import { once } from "node:events";
import { type IncomingMessage, type RequestListener, type ServerResponse, createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import express5, { type Express, type Response as ExpressResponse } from "express";
import express4 from "express4";
import fastify, { type FastifyInstance, type FastifyReply } from "fastify";
import koa3, { type Context as KoaContext } from "koa";
// @ts-expect-error -- it has no types of its own, and those of Koa go by another name
import koa2 from "koa2";
import { session as expressSession } from "../../src/adapters/express.ts";
import { session as fastifySession } from "../../src/adapters/fastify.ts";
import { session as fetchSession } from "../../src/adapters/fetch.ts";
import { session as koaSession } from "../../src/adapters/koa.ts";
import { session as nodeSession } from "../../src/adapters/node.ts";
import type { AdapterKit, Answer, Served } from "../../src/testing/internal/adapter-stage.ts";

/** Serves on a free port. `close` closes whatever is open; `finish` takes no more, and waits for those under way. */
export async function listen(listener: RequestListener): Promise<Served & { finish(): Promise<unknown> }> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const finish = () => new Promise((resolve) => server.close(resolve));
  const close = async () => {
    server.closeAllConnections();
    await finish();
  };
  return { url: `http://127.0.0.1:${port}`, close, finish };
}

/** Serves HTTP/2, without TLS, on a free port. */
async function listenHttp2(listener: RequestListener): Promise<Served> {
  const server = createHttp2Server(listener as never).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => new Promise((resolve) => server.close(resolve)) };
}

/** Other middleware of a Node server. */
export type Layer = (request: IncomingMessage, response: ServerResponse, next: (error?: Error) => void) => void;

/** What is around the session. */
export interface Around {
  front?: Layer;
  behind?: Layer;
  http2?: boolean;
}

const nothing: Layer = (_request, _response, next) => next();

/** Serves a listener behind a layer, by either HTTP. */
export function listenBehind({ front = nothing, http2 = false }: Around, listener: RequestListener): Promise<Served> {
  const serve = http2 ? listenHttp2 : listen;
  return serve((req, res) => front(req, res, () => listener(req, res)));
}

export function overNode(load: "eager" | "lazy", around: Around = {}): AdapterKit["serve"] {
  const { behind = nothing } = around;
  return (sessions, act) => {
    const listener = nodeSession(
      sessions,
      async (req, res) => {
        await new Promise((resolve) => behind(req, res, resolve));
        const { status = 200, headers = [], body = "", hints } = await act(pathOf(req), () => req.session);
        hint(res, hints);
        for (const [name, value] of headers) res.appendHeader(name, value);
        res.writeHead(status);
        if (typeof body === "string" || body instanceof Uint8Array) res.end(body);
        else await pipeline(body, res);
      },
      { load },
    );
    return listenBehind(around, listener);
  };
}

/** Sends early hints, if an answer has some. */
export function hint(response: ServerResponse, link: string | undefined): void {
  if (link !== undefined) response.writeEarlyHints({ link });
}

/** Express by its major version. */
export const EXPRESS: Record<string, () => Express> = {
  "Express 5": express5,
  "Express 4": express4 as unknown as () => Express,
};

export function overExpress(
  express: () => Express,
  load: "eager" | "lazy",
  { front = nothing, behind = nothing }: Around = {},
): AdapterKit["serve"] {
  return (sessions, act) => {
    const app = express();
    app.use(front, expressSession(sessions, { load }), behind);
    app.use((req, res, next) => {
      act(req.path, () => req.session).then((answer) => send(res, answer), next);
    });
    return listen(app);
  };
}

function send(response: ExpressResponse, { status = 200, headers = [], body = "", hints }: Answer): void {
  hint(response, hints);
  for (const [name, value] of headers) response.append(name, value);
  response.status(status);
  const location = response.get("Location");
  if (location !== undefined) response.redirect(status, location);
  else if (typeof body === "string") response.send(body);
  else if (body instanceof Uint8Array) response.send(Buffer.from(body));
  else Readable.from(body).pipe(response);
}

export function overFastify(
  load: "eager" | "lazy",
  { front = nothing, behind = nothing, http2 = false }: Around = {},
): AdapterKit["serve"] {
  return async (sessions, act) => {
    const app = fastify({ http2: http2 as false });
    app.addHook("onRequest", ({ raw }, reply, next) => front(raw, reply.raw, next));
    await app.register(fastifySession, { sessions, load });
    app.addHook("onRequest", ({ raw }, reply, next) => behind(raw, reply.raw, next));
    app.all("/*", async (request, reply) => {
      const answer = await act(pathOf(request.raw), () => request.session);
      return reply.send(prepared(reply, answer));
    });
    return listenFastify(app);
  };
}

/** Sets status and fields, and gives what is to be sent. */
function prepared(reply: FastifyReply, { status = 200, headers = [], body = "", hints }: Answer): unknown {
  hint(reply.raw, hints);
  for (const [name, value] of headers) reply.header(name, value);
  reply.code(status);
  if (typeof body === "string") return body;
  return body instanceof Uint8Array ? Buffer.from(body) : Readable.from(body);
}

/** Serves on a free port, and closes whatever is open at the end. */
export async function listenFastify(app: FastifyInstance): Promise<Served> {
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const close = () => {
    if ("closeAllConnections" in app.server) app.server.closeAllConnections();
    return app.close();
  };
  return { url, close };
}

/** Koa by its major version. */
export const KOA: Record<string, () => koa3> = {
  "Koa 3": () => new koa3(),
  "Koa 2": () => new (koa2 as typeof koa3)(),
};

export function overKoa(
  koa: () => koa3,
  load: "eager" | "lazy",
  { front = nothing, behind = nothing, http2 = false }: Around = {},
): AdapterKit["serve"] {
  return (sessions, act) => {
    const app = koa();
    app.silent = true;
    const through =
      (layer: Layer): koa3.Middleware =>
      async ({ req, res }, next) => {
        await new Promise((resolve) => layer(req, res, resolve));
        return next();
      };
    app.use(through(front)).use(koaSession(sessions, { load })).use(through(behind));
    app.use(async (ctx) => fill(ctx, await act(ctx.path, () => ctx.session)));
    return listenKoa(app, { http2 });
  };
}

export function listenKoa(app: koa3, around: Around = {}): Promise<Served> {
  const answer = app.callback();
  return listenBehind(around, (req, res) => void answer(req, res));
}

function fill(ctx: KoaContext, { status = 200, headers = [], body = "", hints }: Answer): void {
  hint(ctx.res, hints);
  const location = headers.find(([name]) => name === "Location")?.[1];
  if (location !== undefined) ctx.redirect(location);
  for (const [name, value] of headers) if (name !== "Location") ctx.append(name, value);
  if (typeof body === "string") ctx.body = body;
  else ctx.body = body instanceof Uint8Array ? Buffer.from(body) : Readable.from(body);
  ctx.status = status;
}

/** Web standards have no server of their own: this one hands requests from `node:http` to the handler. */
export function overFetch(around: Around = {}): AdapterKit["serve"] {
  return (sessions, act) => listenBehind(around, bridge(fetchHandler(sessions, act)));
}

/** A fetch handler that answers as the kit asks. */
export function fetchHandler(...[sessions, act]: Parameters<AdapterKit["serve"]>) {
  return fetchSession(sessions, async (request, { session }) => {
    const { status = 200, headers = [], body } = await act(new URL(request.url).pathname, session);
    return new Response(bodyOf(body), { status, headers: headers.map(([name, value]) => [name, value]) });
  });
}

/** A body as web standards have it. */
export function bodyOf(body: Answer["body"]): string | Uint8Array | ReadableStream | null {
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array) return body ?? null;
  return Readable.toWeb(Readable.from(body).map((text: string) => Buffer.from(text))) as ReadableStream;
}

/** A `node:http` listener that calls a fetch handler. What the handler throws is answered with 500. */
export function bridge(handler: (request: Request) => Promise<Response>): RequestListener {
  return (incoming, outgoing) => {
    const url = `http://${incoming.headers.host}${incoming.url}`;
    const request = new Request(url, { method: incoming.method ?? "GET", headers: incoming.headersDistinct as never });
    handler(request).then(
      (response) => hand(response, outgoing),
      () => outgoing.writeHead(500).end(),
    );
  };
}

function hand(response: Response, outgoing: ServerResponse): void {
  for (const [name, value] of response.headers) outgoing.appendHeader(name, value);
  outgoing.writeHead(response.status);
  if (response.body) Readable.fromWeb(response.body).pipe(outgoing);
  else outgoing.end();
}

/** The path that a request asks for, without its query. */
function pathOf({ url = "/" }: IncomingMessage): string {
  return url.split("?", 1).join("");
}
