/** What the adapters of web standards share: a request that is a `Request`, its session, and the fields of its answer. */
import { applyHeaders, type ResponseHeaders } from "../../core/headers.ts";
import type { OpenRequest, Saved, SessionInterface } from "../../core/interface.ts";
import type { LockOptions } from "../../core/lease.ts";
import type { Session } from "../../core/session.ts";
import { handOut, holdBack, isPending } from "../../core/state.ts";
import { warnOnce } from "../../events.ts";
import { withEnd } from "./body-end.ts";
import { saveLate, tellIfLate } from "./late.ts";
import { refusalOf } from "./refusal.ts";
import { RequestSession } from "./request-session.ts";
import { cameByHttps } from "./secure.ts";

/** What is looked at in a `Request`. */
export interface WebRequest {
  readonly url: string;
  readonly headers: Pick<Headers, "get">;
}

/** How a request and its session are taken. */
export interface WebOptions {
  /** Whether the header that a proxy sets is to be believed. */
  trustProxy: boolean;
  /** That the request has its session alone; absent: it has not. */
  lock?: LockOptions | undefined;
}

/** The session of a request: opened, handed out, saved, and saved once more at the end of the body. */
export class WebVisit<T extends object> {
  readonly #session: RequestSession<T>;
  #isTaken = false;
  #isSaved = false;

  constructor(sessions: SessionInterface<T>, request: () => WebRequest, { trustProxy, lock }: WebOptions) {
    this.#session = new RequestSession(sessions, () => openRequestOf(request(), trustProxy), lock);
  }

  /** The session, once it is open. */
  get opened(): Session<T> | undefined {
    return this.#session.opened;
  }

  /** Opens the session before anyone asked for it. Rejects with `STORE` when the store failed. */
  async begin(): Promise<void> {
    holdBack(await this.#session.open());
  }

  /** Hands out the session that `begin` opened. */
  take(): Session<T> | undefined {
    this.#noteTaken();
    return this.opened && handOut(this.opened);
  }

  /** Opens the session, if that was not done yet, and hands it out. */
  open(): Promise<Session<T>> {
    this.#noteTaken();
    return this.#session.open();
  }

  /** Has the session for this request alone from now on: for a route of an application that opens it for all. */
  lock(lock: LockOptions): Promise<void> {
    return this.#session.lock(lock);
  }

  save(failed: boolean): Promise<Saved> {
    this.#isSaved = true;
    return this.#session.save({ failed });
  }

  /** Saves, and gives the response with what it has to carry. Rejects as a save does; then the response is cancelled. */
  async answer(response: Response, failed: boolean): Promise<Response> {
    try {
      return this.#answerWith(response, await this.save(failed));
    } catch (error) {
      void response.body?.cancel().catch(() => undefined);
      throw error;
    }
  }

  #answerWith(response: Response, saved: Saved): Response {
    if (response.status < 200) {
      // An upgrade or an error of the network has no copy.
      tellIfLate(saved);
      return response;
    }
    const body = response.body && this.whole(response.body, saved.headers);
    return body === response.body && saved.headers.length === 0 ? response : copyOf(response, body, saved.headers);
  }

  /** The body of an answer whose headers were `sent`: at its end is saved what changed meanwhile. */
  whole<Chunk>(body: ReadableStream<Chunk>, sent: Saved["headers"]): ReadableStream<Chunk> {
    return this.#isTaken ? withEnd(body, () => this.#finish(sent)) : body;
  }

  async #finish(sent: Saved["headers"]): Promise<void> {
    const { opened } = this;
    if (opened && isPending(opened)) await saveLate(() => this.#session.save({ late: true }), sent);
  }

  #noteTaken(): void {
    if (this.#isSaved && !this.#isTaken) {
      warnOnce(
        "FLAGON_UNSAVED",
        "a session was first asked for after the response had been returned, so no change of it is saved; ask before",
      );
    }
    this.#isTaken = true;
  }
}

function openRequestOf({ url, headers }: WebRequest, trustProxy: boolean): OpenRequest {
  return {
    cookie: headers.get("cookie") ?? undefined,
    secure: cameByHttps({
      secure: url.startsWith("https:"),
      forwardedProto: headers.get("x-forwarded-proto") ?? undefined,
      trustProxy,
    }),
  };
}

/** Web headers as `applyHeaders` sees them. */
export function fieldsOf(headers: Headers): ResponseHeaders {
  return {
    get: (name) => headers.get(name) ?? undefined,
    set: (name, value) => headers.set(name, value),
    append: (name, value) => headers.append(name, value),
  };
}

/** What `fetch` and `Response.redirect` give cannot be changed, and a handler may give one response to many. */
function copyOf(response: Response, body: Response["body"], fields: Saved["headers"]): Response {
  const copy = new Response(body, response);
  applyHeaders(fields, fieldsOf(copy.headers));
  return copy;
}

const refusals = new WeakSet<Response>();

/** The answer to an error, in place of any other. */
export function refusalTo(error: unknown): Response {
  const { status, headers, text } = refusalOf(error);
  const refusal = new Response(text, { status, headers });
  refusals.add(refusal);
  return refusal;
}

/** Whether a response is such an answer: that of another session of the request, which could not be loaded or saved. */
export function isRefusal(response: Response): boolean {
  return refusals.has(response);
}
