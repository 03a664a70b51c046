/** Fastify's own applications, for the tests beside the kit. */
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from "fastify";
import { session } from "../../src/adapters/fastify.ts";
import { type Browser, browser } from "../../src/testing/browser.ts";
import type { Fixture } from "./fixtures.ts";
import { closing } from "./closing.ts";
import { listenFastify } from "./servers.ts";

/** Answers a request. */
export type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

/** An application whose every request changes its session. */
export async function appOf(
  { visits }: Pick<Fixture, "visits">,
  options?: FastifyServerOptions,
): Promise<FastifyInstance> {
  const app = fastify({ forceCloseConnections: true, ...options }) as unknown as FastifyInstance;
  closing(app);
  app.addHook("onRequest", async (_request, reply) => {
    reply.header("X-Before", "1").header("Vary", "Origin");
  });
  await app.register(session, { sessions: visits });
  app.addHook("onRequest", async (request) => {
    request.session.update("n", (n) => Number(n ?? 0) + 1);
  });
  return app;
}

export async function tabAt(app: FastifyInstance, https = false): Promise<Browser> {
  return browser(await urlOf(app), { https });
}

export async function urlOf(app: FastifyInstance): Promise<string> {
  return (await listenFastify(app)).url;
}

export async function tabOf(fixed: Pick<Fixture, "visits">, handler: Handler): Promise<Browser> {
  const app = await appOf(fixed);
  app.get("/", handler);
  return tabAt(app);
}
