/** Sessions for h3 2. */
import type { H3Event, Middleware } from "h3";
import { runWithSession } from "../core/ambient.ts";
import { applyHeaders } from "../core/headers.ts";
import type { Saved, SessionInterface } from "../core/interface.ts";
import { checkOptions } from "../core/options.ts";
import type { Session } from "../core/session.ts";
import { SessionError } from "../errors.ts";
import { report } from "../events.ts";
import { beginAgain, begunOn, noteBegun } from "./internal/begun.ts";
import { tellIfLate } from "./internal/late.ts";
import { type Load, checkedLoad } from "./internal/load.ts";
import { type Lockable, lockOf } from "./internal/lock.ts";
import { type Named, checkedProperty } from "./internal/property.ts";
import { refusalOf } from "./internal/refusal.ts";
import { checkSessions } from "./internal/sessions.ts";
import { OF_EVENTS } from "./internal/taken-names.ts";
import { WebVisit, fieldsOf } from "./internal/web-visit.ts";

declare module "h3" {
  interface H3EventContext {
    /** Loads the visitor's session at the first call. With `load: 'eager'` it is the session itself. */
    readonly session: ContextSession;
  }
}

/** How the application's sessions are loaded, for the type of `event.context.session`: declare `load: "eager"` for that. */
// oxlint-disable-next-line typescript/no-empty-object-type -- filled by declaration merging
export interface H3Setup {}

/** What `event.context.session` is, with the data that was declared as `SessionData`. */
export type ContextSession = H3Setup extends { load: "eager" } ? Session : () => Promise<Session>;

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

/**
 * Middleware that gives each request its `event.context.session`, and hands the answer on when that is saved.
 *
 * A session that cannot be loaded or saved is thrown as a `SessionError`, which h3 answers with its status. After an error of
 * 500 or more, nothing is saved but a `regenerate` or `destroy`. Throws `CONFIG` for a wrong option.
 */
export function session<T extends object>(sessions: SessionInterface<T>, options: H3Options = {}): Middleware {
  checkSessions(sessions);
  checkOptions("session", options, ["load", "lock", "property", "trustProxy"]);
  const { trustProxy = false } = options;
  const lock = lockOf(sessions, options.lock);
  const load = checkedLoad(options.load ?? "lazy");
  const property = checkedProperty(options.property, OF_EVENTS);
  return async (event, next) => {
    const fail = (error: unknown) => refuse(event, error);
    const begun = begunOn(event.context, property);
    if (begun) await beginAgain(begun, lock).catch(fail);
    if (begun) return next();
    const visit = new WebVisit(sessions, () => event.req, { trustProxy, lock });
    const isFirst = noteBegun(event.context, property, visit);
    if (load === "eager") await visit.begin().catch(fail);
    const take = () => (load === "eager" ? visit.take() : () => visit.open());
    Object.defineProperty(event.context, property, { configurable: true, enumerable: true, get: take });
    const current = () => (load === "eager" ? visit.take() : visit.opened);
    const goOn = async () => next();
    return (isFirst ? runWithSession(current, goOn) : goOn()).then(
      (answer) => finish(event, visit, answer),
      (thrown: unknown) => afterThrow(event, visit, thrown),
    );
  };
}

/** `answer`: what a handler returned and h3 makes a response of. An error may be among that. */
async function finish<T extends object>(event: H3Event, visit: WebVisit<T>, answer: unknown): Promise<unknown> {
  try {
    const { headers } = await save(event, visit, answer, answer instanceof Error && isFailure(answer));
    return visit.opened ? withBody(answer, (body) => visit.whole(body, headers)) : answer;
  } catch (error) {
    void bodyOf(answer)
      ?.cancel()
      .catch(() => undefined);
    return refuseSave(event, error);
  }
}

async function afterThrow<T extends object>(event: H3Event, visit: WebVisit<T>, thrown: unknown): Promise<never> {
  await save(event, visit, thrown, isFailure(thrown)).catch((error: unknown) => refuseSave(event, error));
  if (thrown instanceof SessionError && thrown.code === "STORE" && !refused.has(thrown)) refuse(event, thrown);
  throw thrown;
}

async function save<T extends object>(
  event: H3Event,
  visit: WebVisit<T>,
  answer: unknown,
  failed: boolean,
): Promise<Saved> {
  const saved = await visit.save(failed);
  if (answer === SENT) tellIfLate(saved);
  else setFields(event, saved.headers, headersOf(answer));
  return saved;
}

/** What h3 is given in place of an answer where a handler wrote to Node's own response. */
const SENT = Symbol.for("h3.handled");

/** Whether an error is no answer on purpose, by the status that h3 finds for it. */
function isFailure(error: unknown): boolean {
  const { status, statusCode } = Object(error) as { status?: unknown; statusCode?: unknown };
  const code = typeof error === "number" ? error : Number(status ?? statusCode);
  return !(code >= 100 && code < 500);
}

/**
 * h3 puts one of the two sets on a response: the second on an error, the first on all else. It overwrites the answer's own
 * fields by them, `present`.
 */
function setFields({ res }: H3Event, fields: Saved["headers"], present?: Headers): void {
  for (const headers of [res.headers, res.errHeaders]) {
    const prepared = fieldsOf(headers);
    applyHeaders(fields, { ...prepared, get: (name) => prepared.get(name) ?? present?.get(name) ?? undefined });
  }
}

/** Of several sessions one that cannot be saved takes the cookies of all from the answer. */
function refuseSave(event: H3Event, error: unknown): never {
  for (const headers of [event.res.headers, event.res.errHeaders]) headers.delete("Set-Cookie");
  return refuse(event, error);
}

/** What was thrown in place of an answer, past the sessions of one request. */
const refused = new WeakSet<object>();

function refuse(event: H3Event, error: unknown): never {
  refused.add(Object(error) as object);
  report({ type: "failed", error });
  for (const headers of [event.res.headers, event.res.errHeaders]) headers.delete("Cache-Control");
  setFields(event, refusalOf(error).headers);
  throw error;
}

/** A response of web standards or of h3's own. */
interface Answer {
  headers: Headers;
  body: unknown;
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === "object" && value !== null && "headers" in value && value.headers instanceof Headers;
}

function headersOf(answer: unknown): Headers | undefined {
  return isAnswer(answer) ? answer.headers : undefined;
}

function bodyOf(answer: unknown): ReadableStream | undefined {
  const body = isAnswer(answer) ? answer.body : answer;
  return body instanceof ReadableStream ? body : undefined;
}

/** An answer whose body, if it streams, is another. */
function withBody(answer: unknown, wrap: (body: ReadableStream) => ReadableStream): unknown {
  const body = bodyOf(answer);
  if (!body) return answer;
  const wrapped = wrap(body);
  if (wrapped === body) return answer;
  if (answer instanceof Response) return new Response(wrapped, answer);
  return isAnswer(answer) ? Object.assign(answer, { body: wrapped }) : wrapped;
}
