/**
 * Reads what cookie-session 2 (tried with 2.1.1) left in browsers: JSON in base64, and HMAC-SHA1 of it in a cookie `.sig`.
 *
 * It may go when no such cookie is about any more: cookie-session's own `maxAge` after the last process that set one has
 * ended; at the latest at `until` of `adopting`. The cookie itself holds no end and nothing that is one browser's alone.
 */
import type { FormerCookie, FormerReader } from "../former.ts";
import { objectIn } from "./internal/json.ts";
import { type KeygripOptions, SIGNATURE_SUFFIX, keygrip } from "./internal/keygrip.ts";

/** As the old application had them. */
export interface CookieSessionOptions extends KeygripOptions, Omit<FormerCookie, "name"> {
  /** Default: `session`. */
  name?: string;
  /** Whether `maxAge` or `expires` was set. Default: false. */
  permanent?: boolean;
}

/** The reader of cookie-session's cookies. Throws `CONFIG` when it is given no keys. */
export function cookieSession(options: CookieSessionOptions): FormerReader {
  const { name = "session", permanent = false, keys, algorithm, encoding, ...attributes } = options;
  const isSigned = keygrip({ keys, ...(algorithm && { algorithm }), ...(encoding && { encoding }) });
  return {
    cookie: { name, ...attributes },
    signatureSuffix: SIGNATURE_SUFFIX,
    async read(value, _now, signatures) {
      if (!isSigned(name, value, signatures))
        return "the cookie of cookie-session is not signed by a key that is known";
      const data = objectIn(Buffer.from(value, "base64").toString("utf8"));
      if (!data) return "the cookie of cookie-session holds no session";
      return { identity: value, isUnique: false, load: () => Promise.resolve({ data, permanent }) };
    },
  };
}
