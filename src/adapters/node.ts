/** Sessions for `node:http` and `node:https`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { SessionInterface } from "../core/interface.ts";
import { checkOptions } from "../core/options.ts";
import type { Session } from "../core/session.ts";
import { beginAgain } from "./internal/begun.ts";
import { type Lockable, lockOf } from "./internal/lock.ts";
import { checkedNodeProperty } from "./internal/node-property.ts";
import type { Named } from "./internal/property.ts";
import { answer } from "./internal/refusal.ts";
import { cameByHttps, isEncrypted } from "./internal/secure.ts";
import { checkSessions } from "./internal/sessions.ts";
import { type Load, checkedLoad } from "./internal/load.ts";
import { Visit, visitOf } from "./internal/visit.ts";

/**
 * A request with its session, under the name `P`. With `load: 'lazy'` that is a promise, which rejects with `STORE` when the
 * store failed.
 */
export type SessionRequest<
  T extends object,
  L extends Load = "eager",
  P extends string = "session",
> = IncomingMessage & { readonly [Name in P]: L extends "lazy" ? Promise<Session<T>> : Session<T> };

/** Answers a request. The response leaves when its session is saved. */
export type SessionHandler<T extends object, L extends Load = "eager", P extends string = "session"> = (
  request: SessionRequest<T, L, P>,
  response: ServerResponse,
) => unknown;

/** Options of `session`. */
export interface NodeOptions<L extends Load = Load, P extends string = "session"> extends Lockable, Named<P> {
  /**
   * `'eager'`: the session is loaded before the handler runs. `'lazy'`: it is loaded when the handler asks, and
   * `request.session` is a promise. Default: `'eager'`.
   */
  load?: L;
  /** Whether to believe the `X-Forwarded-Proto` of a proxy that is always in front of the server. Default: false. */
  trustProxy?: boolean;
  /** Told of whatever was answered with an error: what the handler threw, a session that could not be loaded or saved. */
  onError?: (error: unknown, request: IncomingMessage) => void;
}

/**
 * A listener for `createServer`: `handler`, whose requests have a session. `handler` may be such a listener itself, with
 * another `property`.
 *
 * What the handler throws is answered with 500, or with the status of a `SessionError`; then nothing of the session is
 * saved but a `regenerate` or `destroy`. Throws `CONFIG` for a wrong option.
 */
export function session<
  T extends object,
  L extends Load = "eager",
  P extends string = "session",
  R extends SessionRequest<T, L, P> = SessionRequest<T, L, P>,
>(
  sessions: SessionInterface<T>,
  handler: (request: R, response: ServerResponse) => unknown,
  options: NodeOptions<L, P> = {},
): (request: IncomingMessage & Omit<R, P | keyof IncomingMessage>, response: ServerResponse) => void {
  checkSessions(sessions);
  checkOptions("session", options, ["load", "lock", "property", "trustProxy", "onError"]);
  const { trustProxy = false, onError } = options;
  const load = checkedLoad(options.load);
  const lock = lockOf(sessions, options.lock);
  const property = checkedNodeProperty(options.property);
  return (request, response) => {
    const handle = () => handler(request as unknown as R, response);
    const begun = visitOf(request, property);
    if (begun) {
      beginAgain(begun, lock).then(handle).catch(failing(request, begun));
      return;
    }
    const visit = new Visit(sessions, request, response, {
      load,
      lock,
      property,
      isSecure: () => isSecure(request, trustProxy),
      hasFailed: () => failed.has(request),
      refuse(error, text) {
        answer(response, text);
        if (onError) process.nextTick(onError, error, request);
      },
    });
    serve(visit, handle).catch(failing(request, visit));
  };
}

/** Requests whose handler failed, which goes for each session that they have. */
const failed = new WeakSet<IncomingMessage>();

function failing(request: IncomingMessage, visit: Visit<object>): (error: unknown) => void {
  return (error) => {
    failed.add(request);
    visit.fail(error);
  };
}

async function serve<T extends object>(visit: Visit<T>, handler: () => unknown): Promise<void> {
  await visit.begin();
  await visit.run(handler);
}

function isSecure(request: IncomingMessage, trustProxy: boolean): boolean {
  return cameByHttps({
    secure: isEncrypted(request),
    forwardedProto: request.headers["x-forwarded-proto"]?.toString(),
    trustProxy,
  });
}
