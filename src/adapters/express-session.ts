/**
 * A drop-in for the npm package express-session, as of 1.19: the same call, cookies and records, so that a change of one
 * import line logs nobody out.
 */
import { Cookie, type CookieOptions } from "../compat/express-session/cookie.ts";
import { MemoryStore } from "../compat/express-session/memory-store.ts";
import { Session, type SessionData, type SessionRequest } from "../compat/express-session/session.ts";
import { Store } from "../compat/express-session/store.ts";
import type { WithSession } from "./internal/declared-request.ts";
import type { SessionMiddleware } from "./internal/middleware.ts";
import { type SessionOptions, adopt, checkedOptions } from "./internal/express-session/options.ts";
import { cameBySecure, pathOf } from "./internal/express-session/request.ts";
import { ExpressSessionVisit } from "./internal/express-session/visit.ts";

declare global {
  // oxlint-disable-next-line typescript/no-namespace -- the one that Express' own types are merged from
  namespace Express {
    interface RequestSessions {
      expressSession: Session & Partial<SessionData>;
    }
    interface AssignableSessions {
      expressSession: (Session & Partial<SessionData>) | null | undefined;
    }
    interface Request extends WithSession {
      sessionID: string;
      sessionStore: Store;
    }
  }
}

export type { SessionMiddleware } from "./internal/middleware.ts";

/**
 * Middleware that gives each request its `req.session`, and holds the response until that is saved.
 *
 * Throws `TypeError` for a wrong option of express-session's, and `CONFIG` for one of ours.
 */
export function session(options: SessionOptions = {}): SessionMiddleware {
  const checked = checkedOptions(options ?? {});
  adopt(checked.store, generate);
  let isReady = true;
  const events = checked.store as Partial<Store>;
  events.on?.("disconnect", () => void (isReady = false));
  events.on?.("connect", () => void (isReady = true));

  function generate(request: SessionRequest): void {
    const attributes = checked.cookieOf(request);
    const isSecure = cameBySecure(request, checked.proxy);
    request.sessionID = checked.idOf(request);
    const made = new Session(request);
    made.cookie = new Cookie(attributes);
    if (attributes.secure === "auto") made.cookie.secure = isSecure;
    if (attributes.sameSite === "auto") made.cookie.sameSite = isSecure ? "none" : "lax";
    request.session = made;
  }

  return (incoming, response, next) => {
    const request = incoming as SessionRequest;
    // A store that has lost its engine says so: then there is no session, and the application has to see to that.
    if (request.session || !isReady) return next();
    if (!pathOf(request).startsWith(checked.cookieOf(request).path || "/")) return next();
    if (!checked.secrets && !request.secret) return next(new Error("secret option required for sessions"));
    new ExpressSessionVisit(request, response, checked, next).begin();
  };
}

Object.assign(session, { Cookie, MemoryStore, Session, Store });

/** The names under which programs know them. */
// oxlint-disable-next-line typescript/no-namespace -- the one that Express' own types are merged from
export declare namespace session {
  export { Cookie, MemoryStore, Session, Store };
  export type { CookieOptions, SessionData, SessionOptions };
}

/** @alias */
export default session;
/** What `require` gives. */
export { session as "module.exports" };
export { Cookie, MemoryStore, Session, Store };
export { type AsExpressStoreOptions, asExpressStore } from "../compat/express-session/as-express-store.ts";
export type { CookieOptions, SessionData, SessionOptions, SessionRequest };
