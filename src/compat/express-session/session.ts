import type { IncomingMessage } from "node:http";
import { callable } from "./callable.ts";
import type { Cookie } from "./cookie.ts";
import { keeperOf } from "./keeper.ts";

/**
 * What a session holds. Declare it once, and every `req.session` is typed:
 * `declare module "flagon/express-session" { interface SessionData { user: string } }`.
 */
export interface SessionData {
  cookie: Cookie;
}

/** A request that has a session, or may get one. */
export interface SessionRequest extends IncomingMessage {
  session?: (Session & Partial<SessionData>) | null | undefined;
  sessionID?: unknown;
  sessionStore?: unknown;
  originalUrl?: string;
  secure?: boolean;
  secret?: unknown;
  cookies?: unknown;
  signedCookies?: unknown;
}

/** What is called when something is done, or has failed. */
export type Done = (error?: unknown) => void;

class RequestSession {
  /** The secret id. */
  declare readonly id: string;
  declare readonly req: SessionRequest;
  declare cookie: Cookie;

  constructor(request: SessionRequest, data?: object | null) {
    Object.defineProperty(this, "req", { value: request });
    Object.defineProperty(this, "id", { value: request.sessionID });
    if (typeof data !== "object") return;
    // A name of ours, or of every object, is none of the data.
    for (const [name, value] of Object.entries(data ?? {})) if (!(name in this)) Reflect.set(this, name, value);
  }

  /** Begins the life of the cookie anew. Done for every request at its end. */
  touch(): this {
    return this.resetMaxAge();
  }

  resetMaxAge(): this {
    this.cookie.maxAge = this.cookie.originalMaxAge;
    return this;
  }

  /** Saves now. What failed here is tried again before the response. */
  save(): Promise<void>;
  save(done: Done): this;
  save(done?: Done): Promise<void> | this {
    return settle(this, keeperOf(this.req).save(this), done);
  }

  /** Puts what is stored now in the place of `req.session`. */
  reload(): Promise<void>;
  reload(done: Done): this;
  reload(done?: Done): Promise<void> | this {
    return settle(this, keeperOf(this.req).reload(this), done);
  }

  /** Ends the session: `req.session` is gone at once, and what is stored afterwards. */
  destroy(): Promise<void>;
  destroy(done: Done): this;
  destroy(done?: Done): Promise<void> | this {
    delete this.req.session;
    return settle(this, keeperOf(this.req).destroy(this), done);
  }

  /** Ends the session, and puts a new and empty one in the place of `req.session`. Always at login. */
  regenerate(): Promise<void>;
  regenerate(done: Done): this;
  regenerate(done?: Done): Promise<void> | this {
    return settle(this, keeperOf(this.req).regenerate(this), done);
  }
}

/** With a callback the session is given, to be chained; without one a promise, which may be left alone. */
function settle<Self>(self: Self, work: Promise<void>, done: Done | undefined): Promise<void> | Self {
  if (typeof done !== "function") {
    work.catch(() => undefined);
    return work;
  }
  // What a callback throws is no rejection of ours.
  work.then(
    () => process.nextTick(done),
    (error: unknown) => process.nextTick(done, error),
  );
  return self;
}

/** One visitor's session, as `req.session`. */
export const Session = callable(RequestSession, "Session");
export type Session = RequestSession;
