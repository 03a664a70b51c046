/** Sessions for what outlives a request: WebSockets, Socket.IO, server-sent events, long responses. */
import type { OpenRequest, Outcome, SessionInterface } from "../core/interface.ts";
import { checkOptions } from "../core/options.ts";
import type { Session } from "../core/session.ts";
import { isPending, markLate } from "../core/state.ts";
import { SessionError } from "../errors.ts";
import { warnOnce } from "../events.ts";
import { checkSessions } from "./internal/sessions.ts";
import { type UpgradeRequest, openRequestOf } from "./internal/upgrade-request.ts";
import { type Watcher, Watchers } from "./internal/watchers.ts";

export type { UpgradeRequest } from "./internal/upgrade-request.ts";

/** Options of `fromUpgrade`. */
export interface UpgradeOptions {
  /** How often it is looked at whether the session still lives, where nothing tells sooner. In seconds. Default: 30. */
  pollEvery?: number;
  /** Whether to believe the `X-Forwarded-Proto` of a proxy that is always in front of the server. Default: false. */
  trustProxy?: boolean;
}

/** The session of a connection that outlives its request. */
export interface Live<T extends object> {
  /** As it was last read or saved here; a new one when it has ended. Only `update` saves what is changed. */
  readonly session: Readonly<Session<T>>;
  /**
   * Reads it again, so that `session` has what others changed. `false`: there is none, or it has ended. Rejects with `STORE`
   * when the store failed.
   */
  refresh(): Promise<boolean>;
  /**
   * A request of its own: reads the session, has it changed and saves it, together with what others change meanwhile.
   *
   * Rejects with `GONE` when the session has ended, and with `LATE` for what needs a cookie, which no open connection can
   * set: a session that begins or gets a new id, and all that lives in the cookie itself. Then nothing was saved.
   */
  update(change: (session: Session<T>) => unknown): Promise<Outcome>;
  /**
   * Calls `revoked` once when the session has ended, here or elsewhere: by a logout, a login (which gives it another id), or its
   * time. At once when it has ended already; never where there was none. An outage of the store ends nothing.
   */
  onRevoked(revoked: () => void): void;
  /** To be called when the connection closes: from then on nobody looks whether the session still lives. */
  close(): void;
}

/**
 * Opens the session that the request of an upgrade, or of a long response, belongs to. Rejects with `STORE` when the store
 * failed, and with `CONFIG` for a wrong option.
 */
export async function fromUpgrade<T extends object>(
  sessions: SessionInterface<T>,
  request: UpgradeRequest,
  options: UpgradeOptions = {},
): Promise<Live<T>> {
  checkSessions(sessions, "fromUpgrade(sessions, request)");
  checkOptions("fromUpgrade", options, ["pollEvery", "trustProxy"]);
  const { pollEvery = 30, trustProxy = false } = options;
  const watchers = watchersOf(sessions, checkedPollEvery(pollEvery));
  const open = () => sessions.open(openRequestOf(request, trustProxy));
  return new LiveSession(sessions, await open(), open, watchers);
}

/** The longest that a timer of Node can wait, in whole seconds. */
const MOST = Math.floor((2 ** 31 - 1) / 1000);

function checkedPollEvery(seconds: number): number {
  if (seconds > 0 && seconds <= MOST) return seconds;
  throw new SessionError("CONFIG", `pollEvery is ${String(seconds)}; give a positive number of seconds up to ${MOST}`);
}

/** By the sessions, and by the seconds. */
const known = new WeakMap<object, Map<number, Watchers<object>>>();

function watchersOf<T extends object>(sessions: SessionInterface<T>, seconds: number): Watchers<T> {
  const bySeconds = (known.get(sessions) ?? new Map()) as Map<number, Watchers<T>>;
  known.set(sessions, bySeconds);
  const watchers = bySeconds.get(seconds) ?? new Watchers(sessions, seconds);
  bySeconds.set(seconds, watchers);
  return watchers;
}

class LiveSession<T extends object> implements Live<T>, Watcher<T> {
  readonly #sessions: SessionInterface<T>;
  readonly #fresh: () => Promise<Session<T>>;
  readonly #watchers: Watchers<T>;
  #session: Session<T>;
  /** By which it is found: under the id that it has by now, which those who watch it follow. */
  #last: Session<T>;
  #hasEnded = false;
  #revoked: (() => void)[] = [];
  /** Reads and saves take effect one by one, so that `session` never goes back. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    sessions: SessionInterface<T>,
    session: Session<T>,
    fresh: () => Promise<Session<T>>,
    watchers: Watchers<T>,
  ) {
    this.#sessions = sessions;
    this.#session = session;
    this.#last = session;
    this.#fresh = fresh;
    this.#watchers = watchers;
    if (!session.isNew) this.#watch(session);
  }

  get last(): Session<T> {
    return this.#last;
  }

  get session(): Session<T> {
    return this.#session;
  }

  refresh(): Promise<boolean> {
    return this.#inTurn(async () => {
      const found = this.#hasEnded ? undefined : await this.reopen();
      if (found) this.#take(found);
      else await this.#end();
      return !this.#session.isNew;
    });
  }

  async update(change: (session: Session<T>) => unknown): Promise<Outcome> {
    const session = this.#hasEnded ? undefined : await this.reopen();
    if (!session) return this.#refuse();
    await change(session);
    markLate(session);
    return this.#inTurn(() => this.#save(session));
  }

  onRevoked(revoked: () => void): void {
    this.#revoked.push(revoked);
    if (this.#hasEnded) this.#tell();
  }

  close(): void {
    this.#revoked = [];
    this.#watchers.leave(this);
    this.#warnOfChanges();
  }

  async reopen(): Promise<Session<T> | undefined> {
    if (this.#sessions.reopen) return this.#sessions.reopen(this.#last);
    const opened = await this.#fresh();
    return opened.isNew && !this.#last.isNew ? undefined : opened;
  }

  #watch(session: Session<T>): void {
    this.#last = session;
    this.#watchers.join(this);
  }

  moved(session: Session<T>): void {
    this.#last = session;
  }

  ended(): void {
    void this.#end();
  }

  #inTurn<Result>(step: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(step);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #save(session: Session<T>): Promise<Outcome> {
    const { headers: _noneToSend, ...outcome } = await this.#sessions.save(session);
    if (outcome.result === "gone") return this.#refuse();
    if (outcome.result === "ended") await this.#end();
    else this.#take(session);
    return outcome;
  }

  async #refuse(): Promise<never> {
    await this.#end();
    throw new SessionError("GONE", "the session ended elsewhere, so nothing was saved; close the connection");
  }

  #take(session: Session<T>): void {
    this.#warnOfChanges();
    this.#session = session;
    // Where the store failed and anonymous requests go on, the first look found none.
    if (this.#last.isNew && !session.isNew) this.#watch(session);
  }

  /** What is left is nobody's session: data of one that ended is good for nothing any more. */
  async #end(): Promise<void> {
    if (this.#hasEnded) return;
    this.#hasEnded = !this.#session.isNew;
    this.#watchers.leave(this);
    this.#warnOfChanges();
    this.#session = await this.#sessions.open(NOBODY);
    if (this.#hasEnded) this.#tell();
  }

  /** Each in a turn of its own, so that one that throws keeps it from no other. */
  #tell(): void {
    for (const revoked of this.#revoked.splice(0)) queueMicrotask(revoked);
  }

  #warnOfChanges(): void {
    if (!isPending(this.#session)) return;
    warnOnce("FLAGON_LIVE", "live.session was changed, which nobody saves; change it in live.update((session) => …)");
  }
}

const NOBODY: OpenRequest = { cookie: undefined, secure: false };
