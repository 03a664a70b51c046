import { EventEmitter } from "node:events";
import type { Callback } from "../../connect-store.ts";
import { callable } from "./callable.ts";
import { Cookie, type CookieRecord } from "./cookie.ts";
import { type Done, Session, type SessionData, type SessionRequest } from "./session.ts";

/** A session as it is stored. */
export interface SessionRecord {
  cookie: CookieRecord;
  [name: string]: unknown;
}

/** What stores are made of: `class MyStore extends Store`, or `util.inherits(MyStore, Store)`. */
abstract class BaseStore extends EventEmitter {
  /** Puts a new session into a request. `session(options)` gives it to its store. */
  declare generate: (request: SessionRequest) => void;

  abstract get(id: string, callback: Callback): void;
  abstract set(id: string, session: SessionData, callback?: Callback): void;
  abstract destroy(id: string, callback?: Callback): void;
  /** Has a session live on, without its data being written. */
  touch?(id: string, session: SessionData, callback?: Callback): void;
  /** All sessions, as a list or by their ids. */
  all?(callback: Callback): void;
  length?(callback: Callback): void;
  clear?(callback?: Callback): void;

  /** Ends the session of a request, and gives it a new one, also when the old one could not be ended. */
  regenerate(request: SessionRequest, done: Done): void {
    this.destroy(request.sessionID as string, (error) => {
      this.generate(request);
      done(error);
    });
  }

  /** The session of an id, as one that belongs to no request. */
  load(id: string, callback: (error?: unknown, session?: Session & SessionData) => void): void {
    this.get(id, (error, found) => {
      if (error || !found) return callback(error);
      const request = { sessionID: id, sessionStore: this } as unknown as SessionRequest;
      callback(null, this.createSession(request, found as SessionRecord));
    });
  }

  /** Puts a stored session into a request. */
  createSession(request: SessionRequest, record: SessionRecord): Session & SessionData {
    const session = new Session(request, { ...record, cookie: cookieIn(record) }) as Session & SessionData;
    request.session = session;
    return session;
  }
}

/** Setting the end sets the life that it had; that which was stored counts. */
function cookieIn(record: SessionRecord): Cookie {
  // Not taken apart: programs know the text of this error for a record that has none.
  const expires = record.cookie.expires;
  const cookie = new Cookie(record.cookie);
  if (typeof expires === "string") cookie.expires = new Date(expires);
  cookie.originalMaxAge = record.cookie.originalMaxAge as number | null;
  return cookie;
}

/** What stores for express-session are made of. */
export const Store = callable(BaseStore as unknown as new () => BaseStore, "Store") as unknown as typeof BaseStore;
export type Store = BaseStore;
