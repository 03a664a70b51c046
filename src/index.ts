export {
  type CommonOptions,
  type CookieSessionsOptions,
  type SessionsOptions,
  cookieSessions,
  sessions,
} from "./core/sessions.ts";
export type { CookieOptions } from "./core/cookie.ts";
export type { Timeouts } from "./core/expiry.ts";
export type { OpenRequest, Outcome, Saved, SessionInterface } from "./core/interface.ts";
export { type ResponseHeaders, applyHeaders } from "./core/headers.ts";
export { nullSessions } from "./core/interfaces/null.ts";
export type { LockOptions } from "./core/lease.ts";
export type { OnConflict } from "./core/merge.ts";
export type { OnStoreError } from "./core/options.ts";
export type { Controls, DeclaredData, Flash, Session, SessionData } from "./core/session.ts";
export { type Clock, systemClock } from "./clock.ts";
export { SessionError, SessionInDoubtError, type SessionErrorCode } from "./errors.ts";
export { EVENTS, type SessionEvent } from "./events.ts";
export type {
  Capabilities,
  Change,
  Durable,
  Entry,
  Listable,
  Store,
  Sweepable,
  Updated,
  Verb,
  Watch,
  Watchable,
} from "./store.ts";
