import { SessionError } from "../../errors.ts";

/** The option that most adapters have. */
export interface Named<P extends string = string> {
  /** Under which name requests have the session: for an application with several. Default: `session`. */
  property?: P;
}

/** What requests of Express, contexts of Koa and of h3's events have by themselves. */
const NAMES =
  "_parsedUrl accept accepts acceptsCharset acceptsCharsets acceptsEncoding acceptsEncodings acceptsLanguage " +
  "acceptsLanguages app append assert attachment back baseUrl basicAuth body clientAddress cookies etag " +
  "flushHeaders fresh get has header headerSent host hostname href idempotent inspect ip ips is lastModified length " +
  "matchedRoute message middlewareParams next onerror origin originalUrl param params path protocol query " +
  "querystring range redirect remove req request res respond response route routeRules search secure sessions set " +
  "signedCookies stale state status subdomains throw timing toJSON type URL vary writable xhr";

const taken = new Set(NAMES.split(" "));

/** The option `property`, with its default. Throws `CONFIG` for a name that is taken, by a framework or in `host`. */
export function checkedProperty(property = "session", host: object = {}): string {
  if (property !== "" && !taken.has(property) && !(property in host)) return property;
  throw new SessionError("CONFIG", `property is '${property}'; give a name that no request has yet`);
}
