/**
 * The contract between sessions and whatever reads the cookies that another library left in browsers.
 *
 * A reader proves what a cookie says, and knows nothing of sessions, stores of ours or responses.
 */

/** What a session of another library held. */
export interface FormerContent {
  /** The application's data, as `JSON.parse` makes it. */
  data: object;
  /** Whether its cookie outlived the browser. */
  permanent: boolean;
}

/** A session of another library, as its cookie proves it. */
export interface Former {
  /** What the proof is of, in its only spelling: an id, a seal, a signed text. Not for logs. */
  readonly identity: string;
  /** Whether no two browsers can have the same identity. Then all requests that bring it get one session. */
  readonly isUnique: boolean;
  /** What it held; `undefined` when it is over. Rejects only when the store that it is in failed. */
  load(): Promise<FormerContent | undefined>;
  /** Removes what the other library kept on the server; absent where that was nothing. */
  discard?(): Promise<unknown>;
}

/** The other library's cookie: its name, and the attributes without which a browser does not remove it. */
export interface FormerCookie {
  name: string;
  /** Default: `/`. */
  path?: string;
  /** Default: none. */
  domain?: string;
  /** Default: none. Say `None` where pages of other sites embed yours. */
  sameSite?: "Strict" | "Lax" | "None";
  /** Default: false. */
  partitioned?: boolean;
}

/** Reads the cookies of one library. */
export interface FormerReader {
  readonly cookie: FormerCookie;
  /** What the name of a second cookie ends in that holds the signature of the first; absent where there is none. */
  readonly signatureSuffix?: string;
  /**
   * What a cookie's value proves, or why it proves nothing: a reason without any of the value. Never throws for what a
   * browser sent. `now` is in epoch milliseconds.
   */
  read(value: string, now: number, signatures: readonly string[]): Promise<Former | string>;
}
