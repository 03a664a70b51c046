/** Sessions for handlers of web standards, `(request: Request) => Response`: Deno, Bun, workers and what serves them. */
import type { SessionInterface } from "../core/interface.ts";
import { checkOptions } from "../core/options.ts";
import type { Session } from "../core/session.ts";
import { type Lockable, lockOf } from "./internal/lock.ts";
import { checkSessions } from "./internal/sessions.ts";
import { answerOf } from "./internal/web-answer.ts";
import { WebVisit } from "./internal/web-visit.ts";

/** What a handler is given with the request. */
export interface SessionContext<T extends object> {
  /** Loads the session at the first call. Rejects with `STORE` when the store failed. */
  session: () => Promise<Session<T>>;
}

/** Answers a request. The response leaves when its session is saved. `rest`: whatever else the host gives. */
export type SessionHandler<T extends object, Rest extends unknown[] = []> = (
  request: Request,
  context: SessionContext<T>,
  ...rest: Rest
) => Response | Promise<Response>;

/** Options of `session`. */
export interface FetchOptions extends Lockable {
  /** Whether to believe the `X-Forwarded-Proto` of a proxy that is always in front of the server. Default: false. */
  trustProxy?: boolean;
  /**
   * Whether a response tells that the handler failed, where the host catches what is thrown and answers it:
   * `({ status }) => status >= 500`. Then nothing is saved but a `regenerate` or `destroy`. Default: none does.
   */
  hasFailed?: (response: Response) => boolean;
}

/**
 * A fetch handler: `handler`, which has the request's session at hand.
 *
 * A session that cannot be loaded or saved is answered with the status of its `SessionError`. When the handler throws,
 * nothing of the session is saved but a `regenerate` or `destroy`, and the error is the host's. Throws `CONFIG` for a
 * wrong option.
 */
export function session<T extends object, Rest extends unknown[] = []>(
  sessions: SessionInterface<T>,
  handler: SessionHandler<T, Rest>,
  options: FetchOptions = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  checkSessions(sessions);
  checkOptions("session", options, ["hasFailed", "lock", "trustProxy"]);
  const { trustProxy = false, hasFailed } = options;
  const lock = lockOf(sessions, options.lock);
  return async (request, ...rest) => {
    const visit = new WebVisit(sessions, () => request, { trustProxy, lock });
    const context: SessionContext<T> = { session: () => visit.open() };
    return answerOf(visit, async () => handler(request, context, ...rest), hasFailed);
  };
}
