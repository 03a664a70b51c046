/** Fastify below Nest, whose middleware sees the requests of Node only. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { SessionError } from "../../errors.ts";
import { restoreHeaders, snapshotOf } from "./response-headers.ts";

type Done = () => void;

/** What is asked of a Fastify request. */
interface FastifyRequest {
  raw: IncomingMessage;
}

type Headers = Record<string, unknown>;

/** What is asked of a Fastify reply. */
interface FastifyReply {
  readonly raw: ServerResponse;
  getHeaders(): Headers;
  removeHeader(name: string): unknown;
  headers(headers: Headers): unknown;
  send(payload: unknown): unknown;
}

/** What is asked of Fastify. */
export interface FastifyInstance {
  hasRequestDecorator(name: string): boolean;
  decorateRequest(name: string, property: ReturnType<typeof ofRaw>): unknown;
  addHook(name: "onRequest", hook: (request: FastifyRequest, reply: FastifyReply, done: Done) => void): unknown;
}

/** Each request's reply, with the headers of whoever came before us. */
const replies = new WeakMap<IncomingMessage, { reply: FastifyReply; before: Headers }>();

function ofRaw(property: string) {
  return {
    getter(this: FastifyRequest): unknown {
      return Reflect.get(this.raw, property);
    },
    setter(this: FastifyRequest, session: unknown): void {
      Reflect.set(this.raw, property, session);
    },
  };
}

/** Gives Fastify's requests a session of Node's, and notes how to answer them. Throws `CONFIG` where one is there. */
export function joinFastify(fastify: FastifyInstance, property: string): void {
  if (fastify.hasRequestDecorator(property)) {
    throw new SessionError(
      "CONFIG",
      `Fastify's requests have a ${property} already; take out @fastify/session or its like, or give another property`,
    );
  }
  fastify.decorateRequest(property, ofRaw(property));
  fastify.addHook("onRequest", ({ raw }, reply, done) => {
    replies.set(raw, { reply, before: reply.getHeaders() });
    done();
  });
}

/** Has Fastify answer a request with an error in place of what it was about to send; absent before it has a reply. */
export function refuserOf(request: IncomingMessage): ((error: unknown) => void) | undefined {
  const found = replies.get(request);
  if (!found) return undefined;
  const { reply, before } = found;
  return (error) => {
    const { raw } = reply;
    const kept = snapshotOf(raw);
    for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name);
    reply.headers(before);
    for (const [name] of kept) reply.removeHeader(name);
    restoreHeaders(raw, kept);
    reply.send(error);
  };
}
