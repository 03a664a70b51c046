/** What requests of Express have by themselves. */
export const OF_EXPRESS =
  "_parsedUrl accepts acceptsCharset acceptsCharsets acceptsEncoding acceptsEncodings acceptsLanguage " +
  "acceptsLanguages app baseUrl body cookies fresh get header host hostname ip ips is next originalUrl param params " +
  "path protocol query range res route secure signedCookies stale subdomains xhr";

/** What contexts of Koa have by themselves. */
export const OF_KOA =
  "URL accept accepts acceptsCharsets acceptsEncodings acceptsLanguages app append assert attachment back body " +
  "cookies etag flushHeaders fresh get has header headerSent host hostname href idempotent inspect ip ips is " +
  "lastModified length message onerror origin originalUrl path protocol query querystring redirect remove req " +
  "request res respond response search secure set stale state status subdomains throw toJSON type vary writable";

/** What contexts of h3's events have by themselves. */
export const OF_EVENTS = "basicAuth clientAddress matchedRoute middlewareParams params routeRules sessions timing";
