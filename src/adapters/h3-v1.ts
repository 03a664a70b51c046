/** Sessions for h3 1 on Node, and so for Nitro 2 and Nuxt. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { SessionInterface } from "../core/interface.ts";
import { checkOptions } from "../core/options.ts";
import { beginAgain } from "./internal/begun.ts";
import { type Load, checkedLoad } from "./internal/load.ts";
import { type Lockable, lockOf } from "./internal/lock.ts";
import { checkedNodeProperty } from "./internal/node-property.ts";
import type { Named } from "./internal/property.ts";
import { answer } from "./internal/refusal.ts";
import { cameByHttps, isEncrypted } from "./internal/secure.ts";
import { checkSessions } from "./internal/sessions.ts";
import { OF_EVENTS } from "./internal/taken-names.ts";
import { Visit, visitOf } from "./internal/visit.ts";

/** An event of h3 1. */
export interface NodeEvent {
  node: { req: IncomingMessage; res: ServerResponse };
  context: object;
}

/** Options of `session`. */
export interface H3Options extends Lockable, Named {
  /**
   * `'lazy'`: the session is loaded when a handler asks, `await event.context.session()`. `'eager'`: it is loaded before
   * what follows, and is `event.context.session`. Default: `'lazy'`.
   */
  load?: Load;
  /** Whether to believe the `X-Forwarded-Proto` of a proxy that is always in front of the server. Default: false. */
  trustProxy?: boolean;
}

/** An event handler that answers nothing, as h3 1 knows it. */
export interface SessionHandler {
  (event: NodeEvent): Promise<void>;
  __is_handler__: true;
}

/**
 * A handler for `app.use`, or for a file in Nitro's `server/middleware`, that gives each event its `context.session` and
 * holds the response until that is saved.
 *
 * h3 1 does not tell whether a handler threw: a status of 500 or more counts as that, and then nothing is saved but a
 * `regenerate` or `destroy`. Throws `CONFIG` for a wrong option.
 */
export function session<T extends object>(sessions: SessionInterface<T>, options: H3Options = {}): SessionHandler {
  checkSessions(sessions);
  checkOptions("session", options, ["load", "lock", "property", "trustProxy"]);
  const { trustProxy = false } = options;
  const lock = lockOf(sessions, options.lock);
  const load = checkedLoad(options.load ?? "lazy");
  const property = checkedNodeProperty(options.property, OF_EVENTS);
  const handle = async ({ node: { req, res }, context }: NodeEvent) => {
    const begun = visitOf(req, property);
    if (begun) return beginAgain(begun, lock);
    const visit = new Visit(sessions, req, res, {
      load,
      lock,
      property,
      isSecure: () => isSecure(req, trustProxy),
      hasFailed: () => res.statusCode >= 500,
      refuse: (_error, text) => answer(res, text),
    });
    const take = () => (load === "eager" ? visit.take() : () => visit.take());
    // A failure is answered here: h3 goes on with nothing that has been answered.
    await visit.begin().then(
      () =>
        visit.run(() => Object.defineProperty(context, property, { configurable: true, enumerable: true, get: take })),
      (error: unknown) => visit.fail(error),
    );
  };
  return Object.assign(handle, { __is_handler__: true as const });
}

function isSecure(request: IncomingMessage, trustProxy: boolean): boolean {
  return cameByHttps({
    secure: isEncrypted(request),
    forwardedProto: request.headers["x-forwarded-proto"]?.toString(),
    trustProxy,
  });
}
