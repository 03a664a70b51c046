import type { OpenRequest, Saved, SessionInterface } from "../../core/interface.ts";
import type { LockOptions } from "../../core/lease.ts";
import type { Session } from "../../core/session.ts";
import { markFailed, markLate } from "../../core/state.ts";

const UNCHANGED = { result: "unchanged", conflicts: [], tries: 0 } as const;
const NOT_ASKED: Saved = { ...UNCHANGED, headers: [] };
/** The handler asked, was told that the store failed, and answered all the same: no cache is to keep that. */
const NOT_OPENED: Saved = {
  ...UNCHANGED,
  headers: [
    ["Cache-Control", "no-store"],
    ["Vary", "Cookie"],
  ],
};

/** How a request stands when its session is saved. */
export interface Circumstances {
  failed?: boolean;
  late?: boolean;
}

/** The session of one request, opened when first asked for. */
export class RequestSession<T extends object> {
  readonly #sessions: SessionInterface<T>;
  readonly #request: () => OpenRequest;
  readonly #lock: LockOptions | undefined;
  #opening: Promise<Session<T>> | undefined;
  #opened: Session<T> | undefined;

  /** With `lock`, the request has the session alone as soon as it is open. */
  constructor(sessions: SessionInterface<T>, request: () => OpenRequest, lock?: LockOptions) {
    this.#sessions = sessions;
    this.#request = request;
    this.#lock = lock;
  }

  /** The session, once it is open. */
  get opened(): Session<T> | undefined {
    return this.#opened;
  }

  open(): Promise<Session<T>> {
    if (!this.#opening) {
      this.#opening = this.#open();
      // Whoever asked and did not wait must not end the process.
      this.#opening.catch(() => undefined);
    }
    return this.#opening;
  }

  /** Opens it, if need be, and has it for this request alone. */
  async lock(lock: LockOptions): Promise<void> {
    await this.#sessions.lock?.(await this.open(), lock);
  }

  /**
   * Saves it if it was asked for; after a handler that `failed`, only what that cannot undo; `late`, when the headers have
   * left, only what needs no cookie.
   */
  async save({ failed = false, late = false }: Circumstances = {}): Promise<Saved> {
    if (!this.#opening) return NOT_ASKED;
    const session = this.#opened ?? (await this.#opening.catch(() => undefined));
    if (!session) return NOT_OPENED;
    if (failed) markFailed(session);
    if (late) markLate(session);
    return this.#sessions.save(session);
  }

  async #open(): Promise<Session<T>> {
    const session = await this.#sessions.open(this.#request());
    if (this.#lock) await this.#sessions.lock?.(session, this.#lock);
    this.#opened = session;
    return session;
  }
}
