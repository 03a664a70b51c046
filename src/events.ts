import { createHash } from "node:crypto";
import { channel } from "node:diagnostics_channel";

/**
 * Something that nobody has to handle but somebody may want to count.
 *
 * `key` is the store's key as a short hash (16 hex digits of its SHA-256), so an event can be logged; it is absent where
 * no key is known.
 */
export type SessionEvent = { readonly key?: string } & (
  | { readonly type: "rejected"; /** Why the cookie was no session of ours. */ readonly reason: string }
  | { readonly type: "unknown" }
  | { readonly type: "ambiguous"; readonly count: number }
  | { readonly type: "unreadable"; readonly reason: string }
  | { readonly type: "conflict"; readonly keys: readonly string[]; readonly tries: number }
  | { readonly type: "contended"; /** How many writes it took. */ readonly tries: number }
  | { readonly type: "gone" }
  | { readonly type: "failed"; readonly error: unknown }
  | { readonly type: "late" }
  | { readonly type: "refused"; /** What a store would not open: a link, a foreign file. */ readonly reason: string }
  | { readonly type: "degraded"; /** What a store has to do without, and the mend. */ readonly reason: string }
);

/** Where events go: `node:diagnostics_channel`'s channel of this name. */
export const EVENTS = "flagon:session";

const events = channel(EVENTS);

/** Tells whoever subscribed, with a hash of the store's key if one is given. Costs one check when nobody has. */
export function report(event: SessionEvent, storeKey?: string): void {
  if (!events.hasSubscribers) return;
  events.publish(storeKey === undefined ? event : { ...event, key: hashOf(storeKey) });
}

function hashOf(storeKey: string): string {
  return createHash("sha256").update(storeKey).digest("hex").slice(0, 16);
}

const warned = new Set<string>();

/** Says once in a process, and not in production, what silently loses sessions, with the mend. */
export function warnOnce(code: string, message: string): void {
  if (process.env["NODE_ENV"] === "production" || warned.has(code)) return;
  warned.add(code);
  process.emitWarning(message, { type: "FlagonWarning", code });
}
