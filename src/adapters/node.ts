/** Sessions for `node:http` and `node:https`. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { SessionInterface } from "../core/interface.ts";
import { checkOptions } from "../core/options.ts";
import type { Session } from "../core/session.ts";
import { type Lockable, lockOf } from "./internal/lock.ts";
import { answer } from "./internal/refusal.ts";
import { cameByHttps, isEncrypted } from "./internal/secure.ts";
import { checkSessions } from "./internal/sessions.ts";
import { type Load, checkedLoad } from "./internal/load.ts";
import { Visit } from "./internal/visit.ts";

/** A request with its session. */
export interface SessionRequest<T extends object, L extends Load = "eager"> extends IncomingMessage {
  /** With `load: 'lazy'` a promise, which rejects with `STORE` when the store failed. */
  readonly session: L extends "lazy" ? Promise<Session<T>> : Session<T>;
}

/** Answers a request. The response leaves when its session is saved. */
export type SessionHandler<T extends object, L extends Load = "eager"> = (
  request: SessionRequest<T, L>,
  response: ServerResponse,
) => unknown;

/** Options of `session`. */
export interface NodeOptions<L extends Load = Load> extends Lockable {
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
 * A listener for `createServer`: `handler`, whose requests have a session.
 *
 * What the handler throws is answered with 500, or with the status of a `SessionError`; then nothing of the session is
 * saved but a `regenerate` or `destroy`. Throws `CONFIG` for a wrong option.
 */
export function session<T extends object, L extends Load = "eager">(
  sessions: SessionInterface<T>,
  handler: SessionHandler<T, L>,
  options: NodeOptions<L> = {},
): (request: IncomingMessage, response: ServerResponse) => void {
  checkSessions(sessions);
  checkOptions("session", options, ["load", "lock", "trustProxy", "onError"]);
  const { trustProxy = false, onError } = options;
  const load = checkedLoad(options.load);
  const lock = lockOf(sessions, options.lock);
  return (request, response) => {
    let failed = false;
    const visit = new Visit(sessions, request, response, {
      load,
      lock,
      isSecure: () => isSecure(request, trustProxy),
      hasFailed: () => failed,
      refuse(error, text) {
        answer(response, text);
        if (onError) process.nextTick(onError, error, request);
      },
    });
    serve(visit, () => handler(request as SessionRequest<T, L>, response)).catch((error: unknown) => {
      failed = true;
      visit.fail(error);
    });
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
