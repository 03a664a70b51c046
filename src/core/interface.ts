import type { Adoption } from "./adoption.ts";
import type { LockOptions } from "./lease.ts";
import type { DeclaredData, Session } from "./session.ts";

/** What a session interface needs to know of a request. */
export interface OpenRequest {
  /** The value of the `Cookie` header, one character a byte; several fields joined by `; `. */
  cookie: string | undefined;
  /** Whether the browser came by https, as far as a trusted proxy or the connection itself tells. */
  secure: boolean;
}

/** What became of the data at a save. */
export interface Outcome {
  /**
   * - `unchanged`: nothing had to be written, or only the deadline.
   * - `saved`: written as it was.
   * - `merged`: written together with what another request had changed meanwhile.
   * - `ended`: the session was destroyed or emptied.
   * - `gone`: it had ended elsewhere, so nothing was written; the browser keeps what it has.
   */
  result: "unchanged" | "saved" | "merged" | "ended" | "gone";
  /** Keys that another request had set otherwise and that this one overwrote, or gave up to it. */
  conflicts: readonly string[];
  /** How often the store was asked to write; 0 when it was not. */
  tries: number;
  /** Whether the write has reached as many machines as the store was told to ask for; absent where none was asked. */
  durable?: boolean;
}

/** What a response must carry, and what happened. */
export interface Saved extends Outcome {
  /** Header fields to merge into the response (`applyHeaders`), each `Set-Cookie` a field of its own. */
  headers: readonly (readonly [name: string, value: string])[];
}

/**
 * Flask's seam: the start and the end of a request. Whoever implements the two has made a kind of session of their own.
 */
export interface SessionInterface<T extends object = DeclaredData> {
  /**
   * The session that a request belongs to: a new one for whatever is no live session of ours. Never throws for what a
   * browser sent; rejects with `STORE` when the store failed.
   */
  open(request: OpenRequest): Promise<Session<T>>;
  /**
   * Keeps the session, and says what the response must carry. May be called again, after later changes. Rejects with a
   * `SessionError`; the response then must be an error, without a cookie.
   */
  save(session: Session<T>): Promise<Saved>;
  /**
   * Has the session for one request alone, until it is saved: others that ask for that wait. Absent where that cannot be
   * had. Rejects with `CONFLICT` when another request keeps it too long, and with `GONE` when it has ended.
   */
  lock?(session: Session<T>, options?: LockOptions): Promise<void>;
  /**
   * The session as it stands by now, under the id that it has by now: for connections that outlive their request.
   * `undefined` when it has ended, a new one where there was none before. Rejects with `STORE` when the store failed. Absent
   * where `open` tells as much.
   */
  reopen?(session: Session<T>): Promise<Session<T> | undefined>;
  /**
   * Calls `changed` when the session may have ended or moved, until the function that it gives is called. It tells of what
   * this process does, and of others as far as the store can: for the rest, `reopen` now and then. Absent where nothing tells.
   */
  watch?(session: Session<T>, changed: () => void): () => void;
  /** How another library's sessions become ours: for `adopting`. Absent where they cannot. */
  readonly adoption?: Adoption<T>;
}
