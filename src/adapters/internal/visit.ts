import type { IncomingMessage, ServerResponse } from "node:http";
import { runWithSession } from "../../core/ambient.ts";
import { applyHeaders } from "../../core/headers.ts";
import type { Saved, SessionInterface } from "../../core/interface.ts";
import { handOut, holdBack } from "../../core/state.ts";
import { SessionError } from "../../errors.ts";
import { report } from "../../events.ts";
import { type Around, aroundOf, beforeHeaders } from "./before-headers.ts";
import { refusalOf } from "./refusal.ts";
import { RequestSession } from "./request-session.ts";
import { type Snapshot, fieldsOf, restoreHeaders, snapshotOf } from "./response-headers.ts";

/** When a session is loaded: before the handler runs, or when it asks. */
export type Load = "eager" | "lazy";

/** The option `load`, with its default. Throws `CONFIG` for any other. */
export function checkedLoad(load: Load = "eager"): Load {
  if (load === "eager" || load === "lazy") return load;
  throw new SessionError("CONFIG", `load is ${String(load)}; give 'eager' or 'lazy'`);
}

/** What the adapters of Node's servers differ in. */
export interface Host {
  /** When `request.session` is loaded: it is the session itself, or a promise of it. */
  load: Load;
  /** Whether the browser came by https. */
  isSecure(): boolean;
  /** Whether the handler failed, so that what it changed is not saved. */
  hasFailed(): boolean;
  /** Answers a request that failed. The response has the status of the error, and no header of the handler. */
  refuse(error: unknown, text: string): void;
}

/** Not enumerable: whoever walks over a request does not look at its session. */
const SESSION: PropertyDescriptor = {
  configurable: true,
  get(this: IncomingMessage) {
    return visitOf(this)?.take();
  },
  set() {
    throw new SessionError(
      "RESERVED",
      "req.session cannot be assigned; clear() empties the session, destroy() ends it",
    );
  },
};

/** The visit that a request is. */
export function visitOf(request: IncomingMessage): Visit<object> | undefined {
  const around = aroundOf(request);
  return around instanceof Visit ? around : undefined;
}

/** A request to a Node server, its session and its response: `begin`, then `run`; `fail` when one of them did. */
export class Visit<T extends object> implements Around {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #host: Host;
  readonly #session: RequestSession<T>;
  /** What is left of the headers when the request fails: those of whoever came before us. */
  readonly #headers: Snapshot;
  #isTaken = false;

  constructor(sessions: SessionInterface<T>, request: IncomingMessage, response: ServerResponse, host: Host) {
    this.#request = request;
    this.#response = response;
    this.#host = host;
    this.#session = new RequestSession(sessions, () => ({ cookie: request.headers.cookie, secure: host.isSecure() }));
    this.#headers = snapshotOf(response);
  }

  /** Opens the session if that is due now. Rejects with `STORE` when the store failed. */
  async begin(): Promise<void> {
    if (this.#host.load === "lazy") return;
    holdBack(await this.#session.open());
  }

  /** Runs the handler, for which the request has its `session`, and whose response waits for the save. */
  run<Result>(handler: () => Result): Result {
    beforeHeaders(this.#response, this);
    Object.defineProperty(this.#request, "session", SESSION);
    return runWithSession(() => (this.#host.load === "lazy" ? this.#session.opened : this.take()), handler);
  }

  /** Hands out the session, or the promise of it. */
  take(): object {
    this.#isTaken = true;
    const { opened } = this.#session;
    return this.#host.load === "eager" && opened ? handOut(opened) : this.#session.open();
  }

  /** A session that nobody took may have to live longer for this request; without a cookie there is none. */
  get isDue(): boolean {
    const mayLive = this.#host.load === "eager" && this.#request.headers.cookie !== undefined;
    return this.#isTaken || mayLive;
  }

  save(late: boolean): Promise<Saved> {
    return this.#session.save({ failed: this.#host.hasFailed(), late });
  }

  /** Answers with an error, unless an answer has left already. */
  fail(error: unknown): void {
    report({ type: "failed", error });
    const { status, headers, text } = refusalOf(error);
    if (!this.#response.headersSent) {
      restoreHeaders(this.#response, this.#headers);
      this.#response.removeHeader("Cache-Control");
      applyHeaders(headers, fieldsOf(this.#response));
      Object.assign(this.#response, { statusCode: status, statusMessage: undefined });
    }
    this.#host.refuse(error, text);
  }
}
