/**
 * A small browser for tests. It keeps cookies as RFC 6265bis has it, as far as one host goes: name, path, expiry,
 * `Secure`, the prefixes and the size; a `Domain` is ignored. It follows no redirect by itself and keeps no connection.
 */
import { type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { buffer } from "node:stream/consumers";
import { type Clock, systemClock } from "../clock.ts";

/** What came back from a visit. */
export interface Page {
  status: number;
  /** By lower-case names. */
  headers: IncomingHttpHeaders;
  /** The `Set-Cookie` fields, each as it came. */
  setCookies: readonly string[];
  body: Uint8Array;
  text: string;
}

/** How a path is visited. */
export interface VisitOptions {
  /** Default: `GET`. */
  method?: string;
  headers?: Readonly<Record<string, string>>;
  /** What is sent; its `Content-Type` is for `headers` to tell. Default: nothing. */
  body?: string;
  /** A `Cookie` header in place of the jar's, one character a byte. What comes back goes to the jar all the same. */
  cookie?: string;
}

/** Options of a browser. */
export interface BrowserOptions {
  /**
   * Whether it comes by https, through a proxy that speaks http to the server and says so in `X-Forwarded-Proto`: then
   * it keeps and sends `Secure` cookies. Default: false.
   */
  https?: boolean;
  /** Default: the machine's own. */
  clock?: Clock;
}

/** Somebody's browser, with a cookie jar. */
export interface Browser {
  /** Visits a path of the server. Rejects when no whole answer came. */
  visit(path: string, options?: VisitOptions): Promise<Page>;
  /** The `Cookie` header that goes to a path, by default to `/`; `undefined` when the jar has nothing for it. */
  cookies(path?: string): string | undefined;
}

/** A browser with an empty jar, in front of the server at `url`. */
export function browser(url: string, { https = false, clock = systemClock }: BrowserOptions = {}): Browser {
  const jar = new Jar(https, clock);
  const proxied = https ? { "x-forwarded-proto": "https" } : {};
  return {
    cookies: (path = "/") => jar.header(path),
    async visit(path, { method = "GET", headers, body, cookie } = {}) {
      const target = new URL(path, url);
      const sent = cookie ?? jar.header(target.pathname);
      const fields = { ...proxied, ...headers, ...(sent === undefined ? {} : { cookie: sent }) };
      const page = await send(target, method, fields, body);
      for (const line of page.setCookies) jar.take(line, target.pathname);
      return page;
    },
  };
}

async function send(
  url: URL,
  method: string,
  headers: Readonly<Record<string, string>>,
  sent: string | undefined,
): Promise<Page> {
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { method, headers, agent: false }, resolve).on("error", reject).end(sent);
  });
  const body = await buffer(incoming);
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    setCookies: incoming.headers["set-cookie"] ?? [],
    body,
    text: body.toString(),
  };
}

interface Cookie {
  name: string;
  value: string;
  path: string;
  secure: boolean;
  /** Epoch milliseconds. */
  expiresAt: number;
}

/** Name and value together. */
const MOST_BYTES = 4096;

class Jar {
  readonly #https: boolean;
  readonly #clock: Clock;
  /** By name and path, in the order they were first set. */
  readonly #cookies = new Map<string, Cookie>();

  constructor(https: boolean, clock: Clock) {
    this.#https = https;
    this.#clock = clock;
  }

  /** RFC 6265bis section 5.8.3. */
  header(path: string): string | undefined {
    const sent = [...this.#cookies.values()].filter((cookie) => this.#isLive(cookie) && covers(cookie.path, path));
    const longestFirst = sent.toSorted((a, b) => b.path.length - a.path.length);
    return sent.length > 0 ? longestFirst.map(({ name, value }) => `${name}=${value}`).join("; ") : undefined;
  }

  /** RFC 6265bis section 5.7: what a browser would refuse is left. */
  take(line: string, path: string): void {
    const cookie = parse(line, path, this.#clock.now());
    if (!isKept(cookie, line) || (cookie.secure && !this.#https)) return;
    const key = `${cookie.name};${cookie.path}`;
    if (this.#isLive(cookie)) this.#cookies.set(key, cookie);
    else this.#cookies.delete(key);
  }

  #isLive({ expiresAt }: Cookie): boolean {
    return this.#clock.now() < expiresAt;
  }
}

function parse(line: string, path: string, now: number): Cookie {
  const [pair = "", ...rest] = line.split(";");
  const [name, value] = cut(pair);
  const attributes = new Map(rest.map(cut).map(([key, text]) => [key.toLowerCase(), text]));
  const given = attributes.get("path") ?? "";
  return {
    name,
    value,
    path: given.startsWith("/") ? given : folderOf(path),
    secure: attributes.has("secure"),
    expiresAt: expiryOf(attributes, now),
  };
}

function cut(pair: string): [name: string, value: string] {
  const [name = "", ...value] = pair.split("=");
  return [name.trim(), value.join("=").trim()];
}

/** `Max-Age` counts before `Expires`; without both a cookie lasts as long as the browser. */
function expiryOf(attributes: ReadonlyMap<string, string>, now: number): number {
  const maxAge = attributes.get("max-age");
  const expires = Date.parse(attributes.get("expires") ?? "");
  if (maxAge !== undefined) return Number(maxAge) > 0 ? now + Number(maxAge) * 1000 : 0;
  return Number.isNaN(expires) ? Infinity : expires;
}

function isKept({ name, value, path, secure }: Cookie, line: string): boolean {
  const lower = name.toLowerCase();
  const hasDomain = /;\s*domain\s*=\s*\S/i.test(line);
  if (name === "" || name.length + value.length > MOST_BYTES) return false;
  if (lower.startsWith("__host-")) return secure && path === "/" && !hasDomain;
  return secure || !lower.startsWith("__secure-");
}

/** The default path of a cookie that a page sets (RFC 6265bis section 5.1.4). */
function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 1));
}

function covers(cookiePath: string, path: string): boolean {
  if (path === cookiePath) return true;
  return path.startsWith(cookiePath) && (cookiePath.endsWith("/") || path[cookiePath.length] === "/");
}
