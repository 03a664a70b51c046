/** Small applications over the real packages whose cookies are read. Their types stay out: some change those of hosts. */
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import fastify, { type FastifyPluginCallback } from "fastify";
import { getIronSession } from "iron-session";
import Koa from "koa";
import { type Data, act } from "./site.ts";

const require = createRequire(import.meta.url);

type Middleware = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;

/** A store for express-session, as far as the tests ask it themselves. */
export interface Records {
  get(id: string, done: (error: unknown, record?: unknown) => void): void;
  destroy(id: string, done?: (error?: unknown) => void): void;
}

/** express-session's own store. */
export function records(): Records {
  return new (require("express-session") as { MemoryStore: new () => Records }).MemoryStore();
}

function overMiddleware(middleware: Middleware): RequestListener {
  return (req, res) => {
    middleware(req, res, () => res.end(act(req.url, (req as typeof req & { session: Data }).session)));
  };
}

/** cookie-session. */
export function cookieSessionApp(options: object): RequestListener {
  return overMiddleware((require("cookie-session") as (options: object) => Middleware)(options));
}

/** express-session. */
export function expressSessionApp(options: object): RequestListener {
  const defaults = { resave: false, saveUninitialized: false };
  return overMiddleware((require("express-session") as (options: object) => Middleware)({ ...defaults, ...options }));
}

/** iron-session. */
export function ironSessionApp(options: Omit<Parameters<typeof getIronSession>[2], "cookieName">): RequestListener {
  return (req, res) => {
    const { cookieOptions, ...rest } = options;
    const settings = { ...rest, cookieName: "iron", cookieOptions: { secure: false, ...cookieOptions } };
    void getIronSession<Data>(req, res, settings).then(async (session) => {
      const answer = act(req.url, session);
      await session.save();
      res.end(answer);
    });
  };
}

/** What a library that signs pairs of cookies may be given in the place of keys. */
export function keygripOf(keys: readonly string[], algorithm: string, encoding: string): string[] {
  const cookies = createRequire(require.resolve("koa")).resolve("cookies");
  const Keygrip = createRequire(cookies)("keygrip") as new (
    keys: readonly string[],
    algorithm: string,
    encoding: string,
  ) => string[];
  return new Keygrip(keys, algorithm, encoding);
}

/** koa-session; without keys where it is not to sign. */
export function koaSessionApp(keys: string[] | undefined, options: object = {}): RequestListener {
  const app = new Koa();
  if (keys) app.keys = keys;
  const session = (require("koa-session") as { default: (options: object, app: Koa) => Koa.Middleware }).default;
  app.use(session(options, app));
  app.use((ctx) => {
    ctx.body = act(ctx.path, (ctx as unknown as { session: Data }).session);
  });
  const listener = app.callback();
  return (req, res) => void listener(req, res);
}

interface FastifyAppOptions {
  /** What @fastify/cookie is given; `false`: it is not there. */
  cookies?: object | false;
  /** Where the session is. Default: `session`. */
  sessionName?: string;
}

async function fastifyApp(name: string, options: object, around: FastifyAppOptions): Promise<RequestListener> {
  const { cookies = {}, sessionName = "session" } = around;
  const app = fastify();
  if (cookies) await app.register(require("@fastify/cookie") as FastifyPluginCallback<object>, cookies);
  await app.register(require(name) as FastifyPluginCallback<object>, options);
  app.get("/*", (request, reply) => {
    return reply.send(act(request.url, (request as unknown as Record<string, Data>)[sessionName] ?? {}));
  });
  await app.ready();
  return (req, res) => app.routing(req, res);
}

/** @fastify/session. */
export function fastifySessionApp(options: object): Promise<RequestListener> {
  const defaults = { cookie: { secure: false }, saveUninitialized: false };
  return fastifyApp("@fastify/session", { ...defaults, ...options }, {});
}

/** @fastify/secure-session. */
export function secureSessionApp(
  options: { sessionName?: string; cookie?: object; [option: string]: unknown },
  cookies?: FastifyAppOptions["cookies"],
): Promise<RequestListener> {
  const { sessionName = "session" } = options;
  const settings = { ...options, cookie: { path: "/", ...options.cookie } };
  return fastifyApp("@fastify/secure-session", settings, { sessionName, ...(cookies !== undefined && { cookies }) });
}

interface Sodium {
  crypto_secretbox_MACBYTES: number;
  crypto_secretbox_open_easy(message: Buffer, box: Uint8Array, nonce: Uint8Array, key: Uint8Array): boolean;
  crypto_pwhash(key: Buffer, secret: Buffer, salt: Buffer, operations: number, memory: number, algorithm: number): void;
  crypto_pwhash_OPSLIMIT_MODERATE: number;
  crypto_pwhash_MEMLIMIT_MODERATE: number;
  crypto_pwhash_ALG_DEFAULT: number;
}

/** sodium-native, which comes with @fastify/secure-session. */
const sodium = createRequire(require.resolve("@fastify/secure-session"))("sodium-native") as Sodium;

/** Opens a secretbox, as docs/compat.md shows it. */
export function openBox(box: Uint8Array, nonce: Uint8Array, key: Uint8Array): Uint8Array | undefined {
  const message = Buffer.alloc(box.byteLength - sodium.crypto_secretbox_MACBYTES);
  return sodium.crypto_secretbox_open_easy(message, box, nonce, key) ? message : undefined;
}

/** The key that @fastify/secure-session makes of a secret, as docs/compat.md shows it. */
export function keyOf(secret: string, salt = Buffer.from("mq9hDxBVDbspDR6nLfFT1g==", "base64")): Buffer {
  const key = Buffer.alloc(32);
  const cost = [sodium.crypto_pwhash_OPSLIMIT_MODERATE, sodium.crypto_pwhash_MEMLIMIT_MODERATE] as const;
  sodium.crypto_pwhash(key, Buffer.from(secret), salt, ...cost, sodium.crypto_pwhash_ALG_DEFAULT);
  return key;
}
