/** Sessions for Koa 3 and 2. */
import type { ExtendableContext } from "koa";
import type { SessionInterface } from "../core/interface.ts";
import type { LockOptions } from "../core/lease.ts";
import { checkOptions } from "../core/options.ts";
import type { Session } from "../core/session.ts";
import { settle } from "./internal/before-headers.ts";
import { beginAgain, comesTooLate } from "./internal/begun.ts";
import { type Lockable, lockOf } from "./internal/lock.ts";
import { checkedNodeProperty } from "./internal/node-property.ts";
import { answer, asError, isAnswer, refusalOf } from "./internal/refusal.ts";
import type { Named } from "./internal/property.ts";
import { cameByHttps } from "./internal/secure.ts";
import { checkSessions } from "./internal/sessions.ts";
import { OF_KOA } from "./internal/taken-names.ts";
import { type Load, checkedLoad } from "./internal/load.ts";
import { type Host, Visit, sessionProperty, visitOf } from "./internal/visit.ts";

declare module "koa" {
  interface ExtendableContext {
    /** The visitor's session. With `load: 'lazy'` a promise of it: `await ctx.session`. */
    readonly session: Session;
  }
}

/** Options of `session`. */
export interface KoaOptions extends Lockable, Named {
  /**
   * `'eager'`: the session is loaded before what follows. `'lazy'`: it is loaded when somebody asks, and `ctx.session` is
   * a promise. Default: `'eager'`.
   */
  load?: Load;
}

/** What is asked for of Koa's context. */
export type KoaContext = Pick<ExtendableContext, "req" | "res" | "secure" | "body" | "status" | "respond" | "onerror">;

/** Middleware as Koa knows it. */
export type SessionMiddleware = (context: KoaContext, next: () => Promise<unknown>) => Promise<unknown>;

/**
 * Middleware that gives each request its `ctx.session`, and saves it when the middleware behind it is through.
 *
 * A session that cannot be loaded or saved is thrown as a `SessionError`, to the middleware before this one or to Koa. Where
 * the middleware behind it throws, nothing is saved but a `regenerate` or `destroy`, unless that is answered with a 4xx.
 * With `lock` it may follow one without, on a route. Throws `CONFIG` for a wrong option.
 */
export function session<T extends object>(sessions: SessionInterface<T>, options: KoaOptions = {}): SessionMiddleware {
  checkSessions(sessions);
  checkOptions("session", options, ["load", "lock", "property"]);
  const load = checkedLoad(options.load);
  const lock = lockOf(sessions, options.lock);
  const property = checkedNodeProperty(options.property, OF_KOA);
  const shown = sessionProperty(`ctx.${property}`, ({ req }: KoaContext) => visitOf(req, property));
  return async (context, next) => {
    const { req, res } = context;
    const begun = visitOf(req, property);
    if (begun) await beginAgain(begun, lock);
    if (begun || comesTooLate(res)) return next();
    const call = new Call(context, load, lock, property);
    const visit = new Visit(sessions, req, res, call);
    await visit.begin().catch((error: unknown) => {
      visit.fail(error);
      throw error;
    });
    Object.defineProperty(context, property, shown);
    await call.watch(() => visit.enter(next));
    // Who answers without Koa may go on after this.
    return context.respond === false ? undefined : call.settle();
  };
}

/** A request to Koa, as its visit sees it. */
class Call implements Host {
  readonly load: Load;
  readonly lock: LockOptions | undefined;
  readonly property: string;
  readonly #context: KoaContext;
  #hasThrown = false;
  /** Whether a failure goes to the middleware before this one, which is still there to hear of it. */
  #throws = true;

  constructor(context: KoaContext, load: Load, lock: LockOptions | undefined, property: string) {
    this.#context = context;
    this.load = load;
    this.lock = lock;
    this.property = property;
  }

  async watch(middleware: () => Promise<unknown>): Promise<void> {
    this.#throws = false;
    try {
      await middleware();
    } catch (error) {
      this.#hasThrown = true;
      throw error;
    }
  }

  async settle(): Promise<void> {
    this.#throws = true;
    await settle(this.#context.res);
    this.#throws = false;
  }

  isSecure(): boolean {
    const { req, secure } = this.#context;
    return cameByHttps({
      secure,
      forwardedProto: req.headers["x-forwarded-proto"]?.toString(),
      trustProxy: false,
      mend: "set app.proxy = true behind one proxy",
    });
  }

  hasFailed(): boolean {
    return this.#hasThrown && !isAnswer(this.#context.res.statusCode);
  }

  refuse(thrown: unknown, text: string): void {
    const { res } = this.#context;
    if (res.headersSent) return answer(res, text);
    const error = asError(thrown);
    // What Koa answers an error with has these fields, and no others.
    Object.assign(error, { headers: Object.fromEntries(refusalOf(error).headers) });
    this.#empty();
    if (!this.#throws) this.#context.onerror(error);
  }

  /** Takes away what was to be sent, and its status: Koa changes the status with the body. */
  #empty(): void {
    const { statusCode } = this.#context.res;
    this.#context.body = null;
    this.#context.status = statusCode;
  }
}
