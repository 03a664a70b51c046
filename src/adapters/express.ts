/** Sessions for Express 4 and 5, and for connect. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { SessionInterface } from "../core/interface.ts";
import type { LockOptions } from "../core/lease.ts";
import { checkOptions } from "../core/options.ts";
import type { Session } from "../core/session.ts";
import { warnOnce } from "../events.ts";
import type { WithSession } from "./internal/declared-request.ts";
import { cameByHttps, isEncrypted } from "./internal/secure.ts";
import { type Lockable, lockOf } from "./internal/lock.ts";
import { type Load, Visit, checkedLoad, visitOf } from "./internal/visit.ts";

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- the one that Express' own types are merged from
  namespace Express {
    interface RequestSessions {
      /** The visitor's session. With `load: 'lazy'` a promise of it: `await req.session`. */
      flagon: Session;
    }
    interface Request extends WithSession {}
  }
}

/** Options of `session`. */
export interface ExpressOptions extends Lockable {
  /**
   * `'eager'`: the session is loaded before what follows. `'lazy'`: it is loaded when somebody asks, and `req.session` is
   * a promise. Default: `'eager'`.
   */
  load?: Load;
}

/** Middleware as Express and connect know it. */
export type SessionMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Middleware that gives each request its `req.session`, and holds the response until that is saved.
 *
 * A session that cannot be loaded or saved goes to `next` as a `SessionError`, for the application's own error handlers.
 * With `lock` it may follow one without, for some routes: `app.post("/pay", session(visits, { lock: true }), pay)`.
 * Express does not tell whether a handler threw: a status of 500 or more counts as that, and then nothing is saved but a
 * `regenerate` or `destroy`. Throws `CONFIG` for a wrong option.
 */
export function session<T extends object>(
  sessions: SessionInterface<T>,
  options: ExpressOptions = {},
): SessionMiddleware {
  checkOptions("session", options, ["load", "lock"]);
  const load = checkedLoad(options.load);
  const lock = lockOf(sessions, options.lock);
  return (request, response, next) => {
    const begun = visitOf(request);
    if (begun && lock) return lockLate(begun, lock, next);
    if (comesTooLate(request, response)) return next();
    const visit = new Visit(sessions, request, response, {
      load,
      lock,
      isSecure: () => isSecure(request),
      hasFailed: () => response.statusCode >= 500,
      refuse: (error) => next(error),
    });
    const goOn = () => visit.run(next);
    if (load === "lazy") return goOn();
    visit.begin().then(goOn, (error: unknown) => visit.fail(error));
  };
}

/** For a route of an application whose sessions are open already. */
function lockLate(visit: Visit<object>, lock: LockOptions, next: (error?: unknown) => void): void {
  const goOn = () => next();
  const refuse = (error: unknown) => next(error);
  visit.lock(lock).then(goOn, refuse);
}

function comesTooLate(request: IncomingMessage, response: ServerResponse): boolean {
  const isTwice = visitOf(request) !== undefined;
  if (isTwice) {
    warnOnce("FLAGON_TWICE", "session() is used twice for one request and the second does nothing; app.use it once");
  } else if (response.headersSent) {
    warnOnce("FLAGON_BEGUN", "session() came after the response had begun and does nothing; app.use it earlier");
  }
  return isTwice || response.headersSent;
}

/** Express has `secure` on its requests, by its own setting for proxies. */
function isSecure(request: IncomingMessage & { secure?: boolean }): boolean {
  return cameByHttps({
    secure: request.secure ?? isEncrypted(request),
    forwardedProto: request.headers["x-forwarded-proto"]?.toString(),
    trustProxy: false,
    mend: "call app.set('trust proxy', 1) behind one proxy",
  });
}
