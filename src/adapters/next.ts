/** Sessions for the App Router of Next 16: route handlers, server actions, the proxy, and server components. */
import { AsyncLocalStorage } from "node:async_hooks";
import { runWithSession } from "../core/ambient.ts";
import type { SessionInterface } from "../core/interface.ts";
import type { LockOptions } from "../core/lease.ts";
import { checkOptions } from "../core/options.ts";
import type { Session } from "../core/session.ts";
import { SessionError } from "../errors.ts";
import { type Lockable, lockOf } from "./internal/lock.ts";
import { type CookieJar, isFailure, isSealed, responseOf, setCookies } from "./internal/next-host.ts";
import { readOnly } from "./internal/read-only.ts";
import { checkSessions } from "./internal/sessions.ts";
import { answerOf } from "./internal/web-answer.ts";
import { type WebRequest, WebVisit } from "./internal/web-visit.ts";

/** What is asked of `next/headers`. */
export interface NextHeaders {
  headers: () => Promise<WebRequest["headers"]>;
  cookies: () => Promise<Pick<CookieJar, "set" | "delete">>;
}

/** What an application gets its sessions by. */
export interface NextSessions<T extends object> {
  /**
   * The session of the request. Below `withSession` it can be changed. Elsewhere, in server components above all, it is
   * read once for a request and a change throws `READ_ONLY`: a page that renders can set no cookie. Rejects with `STORE`
   * when the store failed.
   */
  getSession: () => Promise<Session<T>>;
  /**
   * A route handler, a server action or a proxy that may change the session. It is saved when the handler returns, or
   * ends by `redirect`, `notFound` and their kind; when it throws anything else, nothing is saved but a `regenerate` or
   * `destroy`. A session that cannot be loaded or saved is answered with the status of its `SessionError`; an action
   * rejects with it.
   */
  withSession: <Given extends unknown[], Result>(
    handler: (...given: Given) => Result | Promise<Result>,
    options?: Lockable,
  ) => (...given: Given) => Promise<Result>;
}

const NOT_HERE =
  "a session can only be read while a page renders; change it in a server action, a route handler or the proxy, " +
  "each in withSession()";

/**
 * The sessions of a Next application: `export const { getSession, withSession } = session(visits, { cookies, headers })`,
 * with what `next/headers` exports. Throws `CONFIG` where that is not given.
 */
export function session<T extends object>(
  sessions: SessionInterface<T>,
  { cookies, headers }: NextHeaders,
): NextSessions<T> {
  checkSessions(sessions, "export const { getSession, withSession } = session(visits, { cookies, headers })");
  const current = new AsyncLocalStorage<WebVisit<T>>();
  const views = new Views<T>();
  // What tells https is a header, which Next sets where no proxy did.
  const pageRequest = async (): Promise<WebRequest> => ({ url: "", headers: await headers() });
  const visitOf = (request: WebRequest, lock?: LockOptions) => {
    return new WebVisit(sessions, () => request, { trustProxy: true, lock });
  };

  async function read(): Promise<Session<T>> {
    const request = await pageRequest();
    return views.of(request, () => visitOf(request).open());
  }

  function answer<Result>(request: Request, handle: () => Promise<Result>, lock?: LockOptions): Promise<Result> {
    const visit = visitOf(request, lock);
    const respond = () => current.run(visit, handle).catch(responseOf) as Promise<Response>;
    return answerOf(visit, respond) as Promise<Result>;
  }

  async function act<Result>(handle: () => Promise<Result>, lock?: LockOptions): Promise<Result> {
    const jar = await cookies();
    if (isSealed(jar)) throw new SessionError("READ_ONLY", NOT_HERE);
    const request = await pageRequest();
    const visit = visitOf(request, lock);
    const done = runWithSession(
      () => visit.opened,
      () => current.run(visit, handle),
    );
    const failed = await done.then(() => false, isFailure);
    setCookies(jar, await visit.save(failed));
    if (visit.opened) views.keep(request, visit.opened);
    return done;
  }

  return {
    getSession: () => current.getStore()?.open() ?? read(),
    withSession(handler, options = {}) {
      checkOptions("withSession", options, ["lock"]);
      const lock = lockOf(sessions, options.lock);
      return async (...given) => {
        const handle = async () => handler(...given);
        if (current.getStore()) return handle();
        const [request] = given;
        return request instanceof Request ? answer(request, handle, lock) : act(handle, lock);
      };
    },
  };
}

/**
 * What was read of sessions, by the headers of their requests: Next gives the same headers to all that it renders for one
 * request, also after an action.
 */
class Views<T extends object> {
  readonly #views = new WeakMap<WebRequest["headers"], Promise<Session<T>>>();

  of({ headers }: WebRequest, open: () => Promise<Session<T>>): Promise<Session<T>> {
    const known = this.#views.get(headers);
    if (known) return known;
    const view = open().then((opened) => readOnly(opened, NOT_HERE));
    this.#views.set(headers, view);
    return view;
  }

  /** What an action has changed is what the page shows that is its answer. */
  keep({ headers }: WebRequest, changed: Session<T>): void {
    this.#views.set(headers, Promise.resolve(readOnly(changed, NOT_HERE)));
  }
}
