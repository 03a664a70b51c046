/**
 * What went wrong, by whose hand can mend it. The list is closed: match on the code, never on the message.
 *
 * - `CONFIG`: an option; thrown when sessions or a store are created, never by a request.
 * - `STORE`: the store failed or did not answer in time; the engine's own error is the `cause`.
 * - `DATA`: a value that no codec can carry; the message names its key.
 * - `SIZE`: a cookie over what browsers keep; the message names the biggest keys.
 * - `RESERVED`: an assignment to the name of a session control.
 * - `READ_ONLY`: a write to a null session, or an `update` where nothing can be compared and swapped.
 * - `GONE`: the session ended elsewhere while this request was to regenerate it.
 * - `CONFLICT`: two requests set one key otherwise and `onConflict` is `'error'`, or no swap succeeded in 16 tries.
 * - `IN_DOUBT`: the store's reply was lost, and an `update` may have been saved or not; it is not made twice.
 * - `LATE`: a change that can no longer reach the browser, because the headers have left.
 * - `CONTEXT`: the ambient session was used outside of a request.
 */
export type SessionErrorCode =
  | "CONFIG"
  | "STORE"
  | "DATA"
  | "SIZE"
  | "RESERVED"
  | "READ_ONLY"
  | "GONE"
  | "CONFLICT"
  | "IN_DOUBT"
  | "LATE"
  | "CONTEXT";

const STATUS: Partial<Record<SessionErrorCode, number>> = { STORE: 503, IN_DOUBT: 503, GONE: 409, CONFLICT: 409 };

/** What Flagon throws or rejects with. Its text never holds a secret, a session id or session data. */
export class SessionError extends Error {
  override readonly name: string = "SessionError";
  readonly code: SessionErrorCode;
  /** The HTTP status that fits: 503 for `STORE` and `IN_DOUBT`, 409 for `GONE` and `CONFLICT`, 500 for the rest. */
  readonly status: number;

  constructor(code: SessionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.status = STATUS[code] ?? 500;
  }

  /** `status` by the name that Nest and Fastify ask for. */
  get statusCode(): number {
    return this.status;
  }

  /** Never: the message is for who runs the application, and a browser gets the name of the status. */
  get expose(): boolean {
    return false;
  }
}

/**
 * The error of code `IN_DOUBT`, with a name of its own: an `update` may have been saved or not. Ask the visitor to look, do
 * not try again.
 */
export class SessionInDoubtError extends SessionError {
  override readonly name = "SessionInDoubtError";

  constructor(message: string, options?: ErrorOptions) {
    super("IN_DOUBT", message, options);
  }
}
