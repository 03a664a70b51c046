import type { IncomingMessage, ServerResponse } from "node:http";
import { runWithSession } from "../../core/ambient.ts";
import { applyHeaders } from "../../core/headers.ts";
import type { Saved, SessionInterface } from "../../core/interface.ts";
import type { LockOptions } from "../../core/lease.ts";
import { handOut, holdBack } from "../../core/state.ts";
import { SessionError } from "../../errors.ts";
import { report } from "../../events.ts";
import { type Around, aroundsOf, beforeHeaders } from "./before-headers.ts";
import type { Load } from "./load.ts";
import { refusalOf } from "./refusal.ts";
import { RequestSession } from "./request-session.ts";
import { type Fields, type Snapshot, fieldsOf, restoreHeaders, setStatus, snapshotOf } from "./response-headers.ts";

/** What the adapters of Node's servers differ in. */
export interface Host {
  /** Where the handler sets header fields. Default: the response. */
  readonly fields?: Fields;
  /** When `request.session` is loaded: it is the session itself, or a promise of it. */
  readonly load: Load;
  /** That the request has its session alone; absent: it has not. */
  readonly lock?: LockOptions | undefined;
  /** Under which name the request has it. */
  readonly property: string;
  /** Whether the browser came by https. */
  isSecure(): boolean;
  /** Whether the handler failed, so that what it changed is not saved. */
  hasFailed(): boolean;
  /** Answers a request that failed. The response has the status of the error, and no header of the handler. */
  refuse(error: unknown, text: string): void;
}

/**
 * The property `name` of a framework's own object, which shows the session of its visit. Not enumerable: whoever walks over
 * a request does not look at its session.
 */
export function sessionProperty<Owner>(
  name: string,
  visitFor: (owner: Owner) => Visit<object> | undefined,
): { configurable: true; get: (this: Owner) => object | undefined; set: () => never } {
  return {
    configurable: true,
    get() {
      return visitFor(this)?.take();
    },
    set() {
      throw new SessionError("RESERVED", `${name} cannot be assigned; clear() empties the session, destroy() ends it`);
    },
  };
}

const SESSION = /* @__PURE__ */ sessionProperty("req.session", (request: IncomingMessage) => {
  return visitOf(request, "session");
});

/** The visit that a request is, the first if it is several with a session under that name. */
export function visitOf(request: IncomingMessage, property: string): Visit<object> | undefined {
  for (const around of aroundsOf(request)) {
    if (around instanceof Visit && around.property === property) return around as Visit<object>;
  }
  return undefined;
}

/** A request to a Node server, its session and its response: `begin`, then `run`; `fail` when one of them did. */
export class Visit<T extends object> implements Around {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #host: Host;
  readonly #session: RequestSession<T>;
  readonly #fields: Fields;
  /** What is left of the headers when the request fails: those of whoever came before us. */
  readonly #headers: Snapshot;
  #isTaken = false;

  constructor(sessions: SessionInterface<T>, request: IncomingMessage, response: ServerResponse, host: Host) {
    this.#request = request;
    this.#response = response;
    this.#host = host;
    const open = () => ({ cookie: request.headers.cookie, secure: host.isSecure() });
    this.#session = new RequestSession(sessions, open, host.lock);
    this.#fields = host.fields ?? response;
    this.#headers = snapshotOf(this.#fields);
  }

  get property(): string {
    return this.#host.property;
  }

  /** Opens the session if that is due now. Rejects with `STORE` when the store failed. */
  async begin(): Promise<void> {
    if (this.#host.load === "lazy") return;
    holdBack(await this.#session.open());
  }

  /** Has the session for this request alone from now on: for a route of an application that opens it for all. */
  lock(lock: LockOptions): Promise<void> {
    // The save gives it back, whether anybody takes the session or not.
    this.#isTaken = true;
    return this.#session.lock(lock);
  }

  /** Runs the handler, for which the request has its `session`, and whose response waits for the save. */
  run<Result>(handler: () => Result): Result {
    const { property } = this;
    const shown = property === "session" ? SESSION : sessionProperty(`req.${property}`, () => this as Visit<object>);
    Object.defineProperty(this.#request, property, shown);
    return this.enter(handler);
  }

  /** Runs the handler, whose response waits for the save. Of several visits the first is what code below it finds. */
  enter<Result>(handler: () => Result): Result {
    beforeHeaders(this.#response, this);
    if (aroundsOf(this.#request)[0] !== this) return handler();
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
      restoreHeaders(this.#fields, this.#headers);
      this.#fields.removeHeader("Cache-Control");
      applyHeaders(headers, fieldsOf(this.#fields));
      setStatus(this.#response, status);
    }
    this.#host.refuse(error, text);
  }
}
