/** Sessions for Hono 4. */
import type { Context, MiddlewareHandler } from "hono";
import { runWithSession } from "../core/ambient.ts";
import { applyHeaders } from "../core/headers.ts";
import type { SessionInterface } from "../core/interface.ts";
import { checkOptions } from "../core/options.ts";
import type { Session } from "../core/session.ts";
import { report } from "../events.ts";
import { beginAgain, begunOn, noteBegun } from "./internal/begun.ts";
import { type Load, checkedLoad } from "./internal/load.ts";
import { type Lockable, lockOf } from "./internal/lock.ts";
import { type Named, checkedProperty } from "./internal/property.ts";
import { refusalOf } from "./internal/refusal.ts";
import { checkSessions } from "./internal/sessions.ts";
import { type WebOptions, WebVisit, fieldsOf, refusalTo } from "./internal/web-visit.ts";

/**
 * What handlers find in `c.var`, as in `new Hono<{ Variables: SessionVariables<Visit> }>()`, under the name `P`: a function
 * that loads the session at the first call, and rejects with `STORE` when the store failed. With `load: 'eager'` it is the
 * session itself.
 */
export type SessionVariables<T extends object, L extends Load = "lazy", P extends string = "session"> = {
  [Name in P]: L extends "eager" ? Session<T> : () => Promise<Session<T>>;
};

/** Options of `session`. */
export interface HonoOptions<L extends Load = Load, P extends string = "session"> extends Lockable, Named<P> {
  /**
   * `'lazy'`: the session is loaded when a handler asks, `await c.var.session()`. `'eager'`: it is loaded before what
   * follows, and is `c.var.session`. Default: `'lazy'`.
   */
  load?: L;
  /** Whether to believe the `X-Forwarded-Proto` of a proxy that is always in front of the server. Default: false. */
  trustProxy?: boolean;
}

/**
 * Middleware that gives each request its `c.var.session`, and hands the response on when that is saved.
 *
 * A session that cannot be loaded or saved goes to `app.onError` as a `SessionError`, which Hono's own handler answers with
 * its status. After an error that is answered with 500 or more, nothing is saved but a `regenerate` or `destroy`. Throws
 * `CONFIG` for a wrong option.
 */
export function session<T extends object, L extends Load = "lazy", P extends string = "session">(
  sessions: SessionInterface<T>,
  options: HonoOptions<L, P> = {},
): MiddlewareHandler<{ Variables: SessionVariables<T, L, P> }> {
  checkSessions(sessions);
  checkOptions("session", options, ["load", "lock", "property", "trustProxy"]);
  const { trustProxy = false } = options;
  const lock = lockOf(sessions, options.lock);
  const load = checkedLoad(options.load ?? "lazy");
  const property = checkedProperty(options.property);
  return async (c, next) => {
    const begun = begunOn(c, property);
    if (begun) await beginAgain(begun, lock).catch(throwAnswerable);
    if (begun) return next();
    const visit = new HonoVisit(sessions, c, property, { trustProxy, lock });
    const isFirst = noteBegun(c, property, visit);
    await (load === "lazy" ? visit.provide() : visit.provideLoaded());
    const current = () => (load === "lazy" ? visit.opened : visit.take());
    await (isFirst ? runWithSession(current, next) : next()).catch((thrown: unknown) => visit.afterThrow(thrown));
    await visit.finish();
  };
}

class HonoVisit<T extends object> extends WebVisit<T> {
  readonly #c: Context;
  readonly #property: string;
  /** What is left of the headers when the request fails: those of whoever came before the session was asked for. */
  #headers: Headers | undefined;

  constructor(sessions: SessionInterface<T>, c: Context, property: string, options: WebOptions) {
    super(sessions, () => c.req.raw, options);
    this.#c = c;
    this.#property = property;
  }

  provide(): void {
    this.#c.set(this.#property, () => this.#opening(this.open()));
  }

  /** Not by `c.set`: whoever reads another variable does not look at the session. */
  async provideLoaded(): Promise<void> {
    await this.#opening(this.begin());
    const c = this.#c;
    const property = this.#property;
    const { get } = c;
    const take = () => this.take();
    const beside = Object.getOwnPropertyDescriptor(c, "var")?.get;
    const variables = () => beside?.() ?? { ...Reflect.get(Object.getPrototypeOf(c) as Context, "var", c) };
    const shown = { configurable: true, enumerable: true, get: take };
    Object.defineProperties(c, {
      get: { value: (key: string) => (key === property ? take() : (get(key) as unknown)) },
      var: { configurable: true, get: () => Object.defineProperty(variables(), property, shown) },
    });
  }

  #opening<Opened>(opening: Promise<Opened>): Promise<Opened> {
    this.#headers ??= this.#c.newResponse(null).headers;
    return opening.catch(throwAnswerable);
  }

  /** What is no `Error` goes past Hono's handlers. */
  async afterThrow(thrown: unknown): Promise<never> {
    await this.save(true);
    throw thrown;
  }

  /** Puts the answer in the place of the response, or throws what `app.onError` is to answer. */
  async finish(): Promise<void> {
    const c = this.#c;
    try {
      if (!c.finalized) return void (await this.save(true));
      const answer = await this.answer(c.res, c.error !== undefined && c.res.status >= 500);
      if (answer !== c.res) replace(c, answer);
    } catch (error) {
      this.#refuse(error);
    }
  }

  /** Hono adds the fields of `c.res` to whatever its handler of errors answers. */
  #refuse(error: unknown): never {
    report({ type: "failed", error });
    const headers = new Headers(this.#headers);
    headers.delete("Cache-Control");
    applyHeaders(refusalOf(error).headers, fieldsOf(headers));
    replace(this.#c, new Response(null, { headers }));
    throwAnswerable(error);
  }
}

/** Hono would add the fields of the former response. */
function replace(c: Context, response: Response): void {
  c.res = undefined;
  c.res = response;
}

/** Hono's own handler of errors answers with what an error has for that. */
function throwAnswerable(error: unknown): never {
  if (!(error instanceof Error)) throw error;
  throw Object.defineProperty(error, "getResponse", { configurable: true, value: () => refusalTo(error) });
}
