/** Sessions for handlers of web standards, `(request: Request) => Response`: Deno, Bun, workers and what serves them. */
import { runWithSession } from "../core/ambient.ts";
import { applyHeaders } from "../core/headers.ts";
import type { OpenRequest, Saved, SessionInterface } from "../core/interface.ts";
import { checkOptions } from "../core/options.ts";
import type { Session } from "../core/session.ts";
import { SessionError } from "../errors.ts";
import { report } from "../events.ts";
import { tellIfLate } from "./internal/late.ts";
import { refusalOf } from "./internal/refusal.ts";
import { RequestSession } from "./internal/request-session.ts";
import { cameByHttps } from "./internal/secure.ts";

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
export interface FetchOptions {
  /** Whether to believe the `X-Forwarded-Proto` of a proxy that is always in front of the server. Default: false. */
  trustProxy?: boolean;
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
  checkOptions("session", options, ["trustProxy"]);
  const { trustProxy = false } = options;
  return async (request, ...rest) => {
    const current = new RequestSession(sessions, () => openRequestOf(request, trustProxy));
    const context: SessionContext<T> = { session: () => current.open() };
    const handle = async () => handler(request, context, ...rest);
    return runWithSession(() => current.opened, handle).then(
      (response) => afterAnswer(current, response),
      (error: unknown) => afterThrow(current, error),
    );
  };
}

function openRequestOf({ url, headers }: Request, trustProxy: boolean): OpenRequest {
  return {
    cookie: headers.get("cookie") ?? undefined,
    secure: cameByHttps({
      secure: url.startsWith("https:"),
      forwardedProto: headers.get("x-forwarded-proto") ?? undefined,
      trustProxy,
    }),
  };
}

async function afterAnswer<T extends object>(current: RequestSession<T>, response: Response): Promise<Response> {
  try {
    return withSaved(response, await current.save());
  } catch (error) {
    void response.body?.cancel().catch(() => undefined);
    return refuse(error);
  }
}

async function afterThrow<T extends object>(current: RequestSession<T>, error: unknown): Promise<Response> {
  try {
    await current.save({ failed: true });
  } catch (failure) {
    return refuse(failure);
  }
  if (error instanceof SessionError && error.code === "STORE") return refuse(error);
  throw error;
}

/** A copy: what `fetch` and `Response.redirect` give cannot be changed, and a handler may give one response to many. */
function withSaved(response: Response, saved: Saved): Response {
  if (saved.headers.length === 0) return response;
  if (response.status < 200) {
    // An upgrade or an error of the network has no copy.
    tellIfLate(saved);
    return response;
  }
  const copy = new Response(response.body, response);
  applyHeaders(saved.headers, {
    get: (name) => copy.headers.get(name) ?? undefined,
    set: (name, value) => copy.headers.set(name, value),
    append: (name, value) => copy.headers.append(name, value),
  });
  return copy;
}

function refuse(error: unknown): Response {
  report({ type: "failed", error });
  const { status, headers, text } = refusalOf(error);
  return new Response(text, { status, headers });
}
