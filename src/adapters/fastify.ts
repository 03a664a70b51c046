/** Sessions for Fastify 5. */
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import type { SessionInterface } from "../core/interface.ts";
import type { LockOptions } from "../core/lease.ts";
import { checkOptions } from "../core/options.ts";
import type { Session } from "../core/session.ts";
import { SessionError } from "../errors.ts";
import { type Mount, comesTooLate } from "./internal/begun.ts";
import { type Lockable, lockOf } from "./internal/lock.ts";
import { answer, asError, isAnswer } from "./internal/refusal.ts";
import type { Named } from "./internal/property.ts";
import type { Fields } from "./internal/response-headers.ts";
import { cameByHttps } from "./internal/secure.ts";
import { checkSessions } from "./internal/sessions.ts";
import { type Load, checkedLoad } from "./internal/load.ts";
import { type Host, Visit, sessionProperty } from "./internal/visit.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The visitor's session. With `load: 'lazy'` a promise of it: `await request.session`. */
    readonly session: Session;
  }
  interface FastifyContextConfig {
    /** That requests of this route have their session alone, as the option `lock` says it for all. */
    lock?: Lockable["lock"];
  }
}

/** Options of `session`. */
export interface FastifyOptions extends Lockable, Named {
  /** What `sessions`, `cookieSessions` or `flaskSession` gave. */
  sessions: SessionInterface<object>;
  /**
   * `'eager'`: the session is loaded before the handler runs. `'lazy'`: it is loaded when somebody asks, and
   * `request.session` is a promise. Default: `'eager'`.
   */
  load?: Load;
}

/**
 * A plugin, `app.register(session, { sessions })`, that gives each request of the instance it is registered with, and of those
 * below, its `request.session`, and holds the response until that is saved.
 *
 * A session that cannot be loaded or saved goes to the application's own error handler as a `SessionError`. Where a handler
 * throws, nothing is saved but a `regenerate` or `destroy`, unless that is answered with a 4xx. Rejects with `CONFIG` for a
 * wrong option.
 */
export const session: FastifyPluginAsync<FastifyOptions> = Object.assign(register, {
  // Decorators and hooks are for whoever registers the plugin, not for the plugin alone.
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "flagon",
  [Symbol.for("plugin-meta")]: { name: "flagon", fastify: "5.x" },
});

const MOUNT: Mount = { use: "session", mend: "register it" };

async function register(app: FastifyInstance, options: FastifyOptions): Promise<void> {
  const { sessions, load, property, lock } = checked(app, options);
  const place = Symbol(`flagon.${property}`);
  const callOf = (request: FastifyRequest) => (request as { [place]?: Call | null })[place];
  const { get: getter, set: setter } = sessionProperty(`request.${property}`, (request: FastifyRequest) => {
    return callOf(request)?.visit;
  });
  app.decorateRequest(place, null);
  app.decorateRequest(property, { getter, setter });

  app.addHook("onRoute", ({ config }) => void lockOf(sessions, config?.lock));
  app.addHook("onRequest", (request, reply, next) => {
    if (comesTooLate(reply.raw, MOUNT)) return next();
    const call = new Call(
      { sessions, load, property, lock: lockOf(sessions, request.routeOptions.config.lock ?? lock) },
      request,
      reply,
    );
    const goOn = () => {
      Object.assign(request, { [place]: call });
      call.visit.enter(next);
    };
    if (load === "lazy") return goOn();
    call.visit.begin().then(goOn, (error: unknown) => call.visit.fail(error));
  });
  app.addHook("onError", (request, _reply, _error, next) => {
    callOf(request)?.noteError();
    next();
  });
}

function checked(app: FastifyInstance, options: FastifyOptions): Required<FastifyOptions> {
  const { sessions, property = "session", lock = false } = options;
  checkSessions(sessions, "app.register(session, { sessions })");
  checkOptions("session", options, ["sessions", "load", "lock", "property"]);
  lockOf(sessions, lock);
  if (property === "" || app.hasRequestDecorator(property)) {
    const mend = "register session once, or give the second another property";
    throw new SessionError("CONFIG", `requests have a property '${property}' already; ${mend}`);
  }
  return { sessions, load: checkedLoad(options.load), lock, property };
}

interface Setup {
  readonly sessions: SessionInterface<object>;
  readonly load: Load;
  readonly lock: LockOptions | undefined;
  readonly property: string;
}

/** A request to Fastify, as its visit sees it. */
class Call implements Host {
  readonly load: Load;
  readonly lock: LockOptions | undefined;
  readonly property: string;
  readonly fields: Fields;
  readonly visit: Visit<object>;
  #hasThrown = false;
  readonly #request: FastifyRequest;
  readonly #reply: FastifyReply;

  constructor({ sessions, load, lock, property }: Setup, request: FastifyRequest, reply: FastifyReply) {
    this.#request = request;
    this.#reply = reply;
    this.load = load;
    this.lock = lock;
    this.property = property;
    this.fields = new ReplyFields(reply);
    this.visit = new Visit(sessions, request.raw, reply.raw, this);
  }

  isSecure(): boolean {
    const { protocol, headers } = this.#request;
    return cameByHttps({
      secure: protocol === "https",
      forwardedProto: headers["x-forwarded-proto"]?.toString(),
      trustProxy: false,
      mend: "create the application with trustProxy, the address of your proxy",
    });
  }

  noteError(): void {
    this.#hasThrown = true;
  }

  hasFailed(): boolean {
    return this.#hasThrown && !isAnswer(this.#reply.statusCode);
  }

  refuse(error: unknown, text: string): void {
    const { raw, sent, log } = this.#reply;
    if (!sent && !raw.headersSent) {
      this.#reply.send(asError(error));
      return;
    }
    // After `hijack` nobody else does either.
    log.error(error);
    answer(raw, text);
  }
}

/** The fields of a reply: what Fastify is to send itself, over those of the Node response. */
class ReplyFields implements Fields {
  readonly #reply: FastifyReply;

  constructor(reply: FastifyReply) {
    this.#reply = reply;
  }

  getHeaders(): ReturnType<Fields["getHeaders"]> {
    return this.#reply.getHeaders();
  }

  getHeader(name: string): ReturnType<Fields["getHeader"]> {
    return this.#reply.getHeader(name);
  }

  setHeader(name: string, value: unknown): void {
    this.#reply.header(name, value);
  }

  appendHeader(name: string, value: string): void {
    this.#reply.header(name, value);
  }

  removeHeader(name: string): void {
    this.#reply.removeHeader(name);
  }
}
