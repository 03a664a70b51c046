import type { IncomingMessage, ServerResponse } from "node:http";
import type { SessionInterface } from "../../core/interface.ts";
import type { LockOptions } from "../../core/lease.ts";
import { type Mount, beginAgain, comesTooLate } from "./begun.ts";
import type { Load } from "./load.ts";
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
  /** Under which name requests have their session. */
  property: string;
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
    if (begun) return goOnAfter(beginAgain(begun, lock, host), next);
    if (comesTooLate(response, host)) return next();
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

function goOnAfter(done: Promise<void>, next: (error?: unknown) => void): void {
  const goOn = () => next();
  const refuse = (error: unknown) => next(error);
  done.then(goOn, refuse);
}
