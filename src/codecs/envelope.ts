/** Bytes as the text of a cookie, which no browser can change or make up. */
export interface Envelope {
  /** `at` is the instant in epoch seconds. */
  wrap(bytes: Uint8Array, at: number): string;
  /** What was wrapped at most `lifetime` seconds before `now` (epoch seconds), and not after it. */
  unwrap(text: string, now: number, lifetime: number): Unwrapped | Refusal;
}

/** What was found in an envelope. */
export interface Unwrapped {
  bytes: Uint8Array;
  /** Epoch seconds. */
  wrappedAt: number;
  /** Whether the current key made it; if not, wrap anew. */
  current: boolean;
}

/** Why a text is no session of ours: not from us, too old, or from us and yet damaged. */
export type Refusal = "forged" | "expired" | "unreadable";
