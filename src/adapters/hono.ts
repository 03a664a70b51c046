/** Sessions for Hono 4. */
import type { Context, MiddlewareHandler } from "hono";
import { runWithSession } from "../core/ambient.ts";
import { applyHeaders } from "../core/headers.ts";
import type { SessionInterface } from "../core/interface.ts";
import { checkOptions } from "../core/options.ts";
import type { Session } from "../core/session.ts";
import { report } from "../events.ts";
import { type Load, checkedLoad } from "./internal/load.ts";
import { type Lockable, lockOf } from "./internal/lock.ts";
import { refusalOf } from "./internal/refusal.ts";
import { checkSessions } from "./internal/sessions.ts";
import { hasBegun, noteBegun } from "./internal/twice.ts";
import { type WebOptions, WebVisit, fieldsOf, refusalTo } from "./internal/web-visit.ts";

/** What handlers find in `c.var`, as in `new Hono<{ Variables: SessionVariables<Visit> }>()`. */
export interface SessionVariables<T extends object, L extends Load = "lazy"> {
  /**
   * Loads the session at the first call, and rejects with `STORE` when the store failed. With `load: 'eager'` it is the
   * session itself.
   */
  session: L extends "eager" ? Session<T> : () => Promise<Session<T>>;
}

/** Options of `session`. */
export interface HonoOptions<L extends Load = Load> extends Lockable {
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
export function session<T extends object, L extends Load = "lazy">(
  sessions: SessionInterface<T>,
  options: HonoOptions<L> = {},
): MiddlewareHandler<{ Variables: SessionVariables<T, L> }> {
  checkSessions(sessions);
  checkOptions("session", options, ["load", "lock", "trustProxy"]);
  const { trustProxy = false } = options;
  const lock = lockOf(sessions, options.lock);
  const load = checkedLoad(options.load ?? "lazy");
  return async (c, next) => {
    if (await hasBegun(c, lock).catch(throwAnswerable)) return next();
    const visit = new HonoVisit(sessions, c, { trustProxy, lock });
    noteBegun(c, visit);
    await (load === "lazy" ? visit.provide() : visit.provideLoaded());
    await runWithSession(() => (load === "lazy" ? visit.opened : visit.take()), next).catch((thrown: unknown) =>
      visit.afterThrow(thrown),
    );
    await visit.finish();
  };
}

class HonoVisit<T extends object> extends WebVisit<T> {
  readonly #c: Context;
  /** What is left of the headers when the request fails: those of whoever came before the session was asked for. */
  #headers: Headers | undefined;

  constructor(sessions: SessionInterface<T>, c: Context, options: WebOptions) {
    super(sessions, () => c.req.raw, options);
    this.#c = c;
  }

  provide(): void {
    this.#c.set("session", () => this.#opening(this.open()));
  }

  /** Not by `c.set`: whoever reads another variable does not look at the session. */
  async provideLoaded(): Promise<void> {
    await this.#opening(this.begin());
    const c = this.#c;
    const { get } = c;
    const take = () => this.take();
    const variables = () => Reflect.get(Object.getPrototypeOf(c) as Context, "var", c);
    Object.defineProperties(c, {
      get: { value: (key: string) => (key === "session" ? take() : (get(key) as unknown)) },
      var: { get: () => Object.defineProperty({ ...variables() }, "session", { enumerable: true, get: take }) },
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
