import type { IncomingMessage, ServerResponse } from "node:http";
import type { SessionInterface } from "../../core/interface.ts";
import type { LockOptions } from "../../core/lease.ts";
import type { Load } from "./load.ts";
import { type Mount, comesTooLate } from "./too-late.ts";
import { Visit, visitOf } from "./visit.ts";

/** Middleware over the requests and responses of Node, as Express, connect and Nest know it. */
export type SessionMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** What those frameworks differ in. */
export interface MiddlewareHost extends Mount {
  load: Load;
  lock?: LockOptions | undefined;
  /** Whether the browser came by https. */
  isSecure(request: IncomingMessage): boolean;
  /** Whether the handler failed, so that what it changed is not saved. */
  hasFailed(request: IncomingMessage, response: ServerResponse): boolean;
  /** Has the framework answer a request that failed. */
  refuse(error: unknown, request: IncomingMessage, next: (error: unknown) => void): void;
}

/** Middleware that gives each request its `session`, and holds the response until that is saved. */
export function middlewareOf<T extends object>(sessions: SessionInterface<T>, host: MiddlewareHost): SessionMiddleware {
  const { load, lock, property } = host;
  return (request, response, next) => {
    const begun = visitOf(request, property);
    if (begun && lock) return lockLate(begun, lock, next);
    if (comesTooLate(request, response, host)) return next();
    const visit = new Visit(sessions, request, response, {
      load,
      lock,
      property,
      isSecure: () => host.isSecure(request),
      hasFailed: () => host.hasFailed(request, response),
      refuse: (error) => host.refuse(error, request, next),
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
