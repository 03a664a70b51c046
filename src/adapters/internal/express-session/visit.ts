import type { ServerResponse } from "node:http";
import { setCookieLine } from "../../../compat/express-session/set-cookie.ts";
import { setKeeper } from "../../../compat/express-session/keeper.ts";
import type { SessionRequest } from "../../../compat/express-session/session.ts";
import { type Secret, signId } from "../../../compat/express-session/signature.ts";
import type { Saved } from "../../../core/interface.ts";
import { report, warnOnce } from "../../../events.ts";
import { type Around, beforeHeaders } from "../before-headers.ts";
import { refusalOf } from "../refusal.ts";
import { type Snapshot, restoreHeaders, snapshotOf } from "../response-headers.ts";
import type { Checked } from "./options.ts";
import { type Current, RequestKeeper, type Result } from "./request-keeper.ts";
import { cameBySecure, idIn } from "./request.ts";

type Next = (error?: unknown) => void;

/** One request, its session and its response. */
export class ExpressSessionVisit implements Around {
  readonly #request: SessionRequest;
  readonly #response: ServerResponse;
  readonly #options: Checked;
  readonly #secret: Secret;
  readonly #next: Next;
  readonly #keeper: RequestKeeper;
  /** What is left of the headers when the save fails: those of whoever came before us. */
  #headers: Snapshot = [];
  /** What went wrong without the response becoming an error. */
  readonly #told: unknown[] = [];

  constructor(request: SessionRequest, response: ServerResponse, options: Checked, next: Next) {
    const secrets = options.secrets ?? [request.secret as Secret];
    this.#request = request;
    this.#response = response;
    this.#options = options;
    this.#secret = secrets[0] as Secret;
    this.#next = next;
    const sentId = idIn(request, options.name, secrets);
    request.sessionStore = options.store;
    request.sessionID = sentId;
    this.#keeper = new RequestKeeper(request, options, sentId);
    setKeeper(request, this.#keeper);
  }

  /** Puts the session into the request, and goes on; at once when there is nothing to be loaded. */
  begin(): void {
    if (this.#request.sessionID !== undefined) {
      this.#keeper.load().then(() => this.#run(), this.#next);
      return;
    }
    this.#keeper.begin();
    this.#run();
  }

  #run(): void {
    if (isResponse(this.#response)) {
      // A response that is made for tests may not know its request.
      if (!this.#response.req) Object.assign(this.#response, { req: this.#request });
      this.#headers = snapshotOf(this.#response);
      beforeHeaders(this.#response, this);
    } else {
      this.#beforeHead();
    }
    this.#next();
  }

  /** The response to an upgrade, as engine.io has one, is a head alone, and waits for nothing. */
  #beforeHead(): void {
    const { writeHead } = this.#response;
    this.#response.writeHead = (...args: unknown[]): ServerResponse => {
      const { session } = this.#request;
      for (const field of session ? this.#headersFor(session) : []) this.#response.setHeader(...field);
      return Reflect.apply(writeHead, this.#response, args) as ServerResponse;
    };
  }

  get isDue(): boolean {
    return Boolean(this.#request.session) || this.#keeper.isBusy || this.#keeper.isUnset;
  }

  async save(late: boolean): Promise<Saved> {
    try {
      return await this.#save(late);
    } finally {
      // When the response is on its way: whoever handles an error may look whether it is.
      for (const error of this.#told.splice(0)) setImmediate(() => this.#tell(error));
    }
  }

  #tell(error: unknown): void {
    report({ type: "failed", error });
    this.#next(error);
  }

  async #save(late: boolean): Promise<Saved> {
    await this.#keeper.settled();
    const { session, sessionID } = this.#request;
    if (!session) return savedBy(await this.#unset());
    // Without an id there is nothing that it could be saved under.
    if (typeof sessionID !== "string") return savedBy("unchanged");
    if (!late) session.touch();
    const headers = await this.#tolerated(late, () => this.#headersFor(session), []);
    const result = await this.#tolerated(late, () => this.#keeper.finish(session), "unchanged" as const);
    return savedBy(result, result === "gone" ? [] : headers);
  }

  async #unset(): Promise<Result> {
    if (!this.#keeper.isUnset) return "unchanged";
    const id = this.#request.sessionID as string;
    return this.#tolerated(false, () => this.#keeper.destroy({ id }).then(() => "ended" as const), "unchanged");
  }

  /** What fails ends the response, unless that has begun already or nobody wants it: then only `next` is told. */
  async #tolerated<T>(late: boolean, act: () => T | Promise<T>, otherwise: T): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (this.#options.fails && !late) throw error;
      this.#told.push(error);
      return otherwise;
    }
  }

  fail(error: unknown): void {
    report({ type: "failed", error });
    if (!this.#response.headersSent) {
      restoreHeaders(this.#response, this.#headers);
      Object.assign(this.#response, { statusCode: refusalOf(error).status, statusMessage: undefined });
    }
    this.#next(error);
  }

  #headersFor(session: Current): [name: string, value: string][] {
    const { cookie } = session;
    if (!this.#setsCookie(session)) return [];
    if (cookie.secure && !cameBySecure(this.#request, this.#options.proxy)) return withoutCookie();
    const value = signId(this.#request.sessionID as string, this.#secret);
    return [["Set-Cookie", setCookieLine(this.#options.name, value, cookie.data)]];
  }

  #setsCookie(session: Current): boolean {
    const { rolling, saveUninitialized } = this.#options;
    if (!this.#keeper.isKnown) return saveUninitialized || this.#keeper.isModified(session);
    return rolling || (Boolean(session.cookie.expires) && this.#keeper.isModified(session));
  }
}

function savedBy(result: Result, headers: Saved["headers"] = []): Saved {
  return { result, headers, conflicts: [], tries: result === "unchanged" ? 0 : 1 };
}

function isResponse(response: object): boolean {
  return "getHeaderNames" in response;
}

function withoutCookie(): [] {
  warnOnce(
    "FLAGON_INSECURE",
    "the session cookie is Secure and the request came by http, so it is not sent; behind a proxy that speaks https set " +
      "app.set('trust proxy', 1), or proxy: true",
  );
  return [];
}
