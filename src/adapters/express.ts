/** Sessions for Express 4 and 5, and for connect. */
import type { IncomingMessage } from "node:http";
import type { SessionInterface } from "../core/interface.ts";
import { checkOptions } from "../core/options.ts";
import type { Session } from "../core/session.ts";
import type { WithSession } from "./internal/declared-request.ts";
import { checkedLoad, type Load } from "./internal/load.ts";
import { type Lockable, lockOf } from "./internal/lock.ts";
import { type SessionMiddleware, middlewareOf } from "./internal/middleware.ts";
import { checkedNodeProperty } from "./internal/node-property.ts";
import type { Named } from "./internal/property.ts";
import { cameByHttps, isEncrypted } from "./internal/secure.ts";
import { checkSessions } from "./internal/sessions.ts";
import { OF_EXPRESS } from "./internal/taken-names.ts";

export type { SessionMiddleware } from "./internal/middleware.ts";

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
export interface ExpressOptions extends Lockable, Named {
  /**
   * `'eager'`: the session is loaded before what follows. `'lazy'`: it is loaded when somebody asks, and `req.session` is
   * a promise. Default: `'eager'`.
   */
  load?: Load;
}

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
  checkSessions(sessions);
  checkOptions("session", options, ["load", "lock", "property"]);
  return middlewareOf(sessions, {
    load: checkedLoad(options.load),
    lock: lockOf(sessions, options.lock),
    property: checkedNodeProperty(options.property, OF_EXPRESS),
    use: "session()",
    mend: "app.use it",
    isSecure,
    hasFailed: (_request, response) => response.statusCode >= 500,
    refuse: (error, _request, next) => next(error),
  });
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
