import type { IncomingMessage, ServerResponse } from "node:http";
import type { SessionInterface } from "../../core/interface.ts";
import { warnOnce } from "../../events.ts";
import { type Load, Visit, visitOf } from "./visit.ts";

/** Middleware over the requests and responses of Node, as Express, connect and Nest know it. */
export type SessionMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/** What those frameworks differ in. */
export interface MiddlewareHost {
  load: Load;
  /** What the application did to have the middleware, and how it does so once, for the warnings. */
  use: string;
  mend: string;
  /** Whether the browser came by https. */
  isSecure(request: IncomingMessage): boolean;
  /** Whether the handler failed, so that what it changed is not saved. */
  hasFailed(request: IncomingMessage, response: ServerResponse): boolean;
  /** Has the framework answer a request that failed. */
  refuse(error: unknown, request: IncomingMessage, next: (error: unknown) => void): void;
}

/** Middleware that gives each request its `session`, and holds the response until that is saved. */
export function middlewareOf<T extends object>(sessions: SessionInterface<T>, host: MiddlewareHost): SessionMiddleware {
  const { load } = host;
  return (request, response, next) => {
    if (comesTooLate(request, response, host)) return next();
    const visit = new Visit(sessions, request, response, {
      load,
      isSecure: () => host.isSecure(request),
      hasFailed: () => host.hasFailed(request, response),
      refuse: (error) => host.refuse(error, request, next),
    });
    const goOn = () => visit.run(next);
    if (load === "lazy") return goOn();
    visit.begin().then(goOn, (error: unknown) => visit.fail(error));
  };
}

function comesTooLate(request: IncomingMessage, response: ServerResponse, { use, mend }: MiddlewareHost): boolean {
  const isTwice = visitOf(request) !== undefined;
  if (isTwice) {
    warnOnce("FLAGON_TWICE", `${use} is used twice for one request and the second does nothing; ${mend} once`);
  } else if (response.headersSent) {
    warnOnce("FLAGON_BEGUN", `${use} came after the response had begun and does nothing; ${mend} earlier`);
  }
  return isTwice || response.headersSent;
}
