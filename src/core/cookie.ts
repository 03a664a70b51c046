import { readCookies } from "../cookies/read.ts";
import {
  type CookieAttributes,
  MAX_COOKIE_BYTES,
  writeAttributes,
  writeCookie,
  writeRemoval,
} from "../cookies/write.ts";
import { SessionError } from "../errors.ts";
import type { OpenRequest } from "./interface.ts";
import { checkOptions } from "./options.ts";

/** The cookie of a kind of session: its name, its attributes and which of several counts. */
export interface SessionCookie {
  /** What the request brought under our name, each value once. */
  read(request: OpenRequest): string[];
  /** The line that sets it; `expiresAt` in epoch milliseconds, absent for one that ends with the browser. */
  write(request: OpenRequest, value: string, expiresAt: number | undefined): string;
  /** The line that removes it. */
  remove(request: OpenRequest): string;
}

/** How the cookie is named and sent. Each field's default is the safe one. */
export interface CookieOptions {
  /** Default: `sid`; over https `__Host-sid`, unless a `domain` or another `path` rules that prefix out. */
  name?: string;
  /** Default: none, so only the very host that set it gets it. */
  domain?: string;
  /** Default: `/`. */
  path?: string;
  /** Default: `Lax`. `None` needs https. */
  sameSite?: "Strict" | "Lax" | "None";
  /** Default: true whenever the request came by https. */
  secure?: boolean;
  /** Default: true: no script of the page can read it. */
  httpOnly?: boolean;
  /** Default: false. Keeps apart what is embedded in different sites (CHIPS); needs https. */
  partitioned?: boolean;
}

/** The cookie of our own kinds of session. Throws `CONFIG` for options that no browser would accept. */
export function sessionCookie(options: CookieOptions = {}): SessionCookie {
  checkOptions("cookie", options, ["name", "domain", "path", "sameSite", "secure", "httpOnly", "partitioned"]);
  const { name = "sid", path = "/", sameSite = "Lax", httpOnly = true, partitioned = false, domain } = options;
  const attributes = (secure: boolean): CookieAttributes => {
    return { domain, path, sameSite, httpOnly, partitioned, secure };
  };
  const nameFor = (secure: boolean): string => {
    const hostOnly = options.name === undefined && domain === undefined && path === "/";
    return secure && hostOnly ? `__Host-${name}` : name;
  };
  const isSecure = (request: OpenRequest) => options.secure ?? (request.secure || partitioned);
  checkAttributes(options, nameFor(false), attributes(true));
  return plainCookie({
    nameOf: (request) => nameFor(isSecure(request)),
    attributesOf: (request) => attributes(isSecure(request)),
    maxBytes: MAX_COOKIE_BYTES,
  });
}

/** What a cookie is made of, where all may depend on the request. */
export interface CookieParts {
  nameOf: (request: OpenRequest) => string;
  attributesOf: (request: OpenRequest) => CookieAttributes;
  /** Of name and value together; above it `write` throws `SIZE`. Absent: no limit. */
  maxBytes?: number;
  /** Whether only the first of several cookies of the name counts, as in Flask. Default: all do. */
  firstOnly?: boolean;
}

/** A cookie of these parts. */
export function plainCookie({ nameOf, attributesOf, maxBytes, firstOnly = false }: CookieParts): SessionCookie {
  return {
    read(request) {
      const values = readCookies(request.cookie, nameOf(request));
      return (firstOnly ? values.slice(0, 1) : [...new Set(values)]).filter((value) => value !== "");
    },
    write(request, value, expiresAt) {
      const name = nameOf(request);
      if (maxBytes !== undefined) checkSize(name, value, maxBytes);
      return writeCookie(name, value, { ...attributesOf(request), expiresAt });
    },
    remove: (request) => writeRemoval(nameOf(request), attributesOf(request)),
  };
}

function checkSize(name: string, value: string, most: number): void {
  const size = name.length + value.length;
  if (size <= most) return;
  throw new SessionError("SIZE", `the session cookie has ${size} bytes and browsers drop one over ${most}`);
}

function checkAttributes(options: CookieOptions, name: string, attributes: CookieAttributes): void {
  writeCookie(name, "", attributes);
  if (options.sameSite === "None" && options.secure === false) {
    throw new SessionError("CONFIG", "cookie.sameSite 'None' needs https; leave cookie.secure unset or set it to true");
  }
  const hostOnly = options.domain === undefined && (options.path ?? "/") === "/" && options.secure !== false;
  if (name.toLowerCase().startsWith("__host-") && !(hostOnly && options.secure === true)) {
    throw new SessionError(
      "CONFIG",
      `cookie.name ${name} needs secure: true, path '/' and no domain, or browsers drop it`,
    );
  }
  if (name.toLowerCase().startsWith("__secure-") && options.secure !== true) {
    throw new SessionError("CONFIG", `cookie.name ${name} needs secure: true, or browsers drop it`);
  }
  if (writeAttributes(attributes).length > 1024) {
    throw new SessionError(
      "CONFIG",
      "the cookie's domain and path have over 1024 bytes; browsers ignore such attributes",
    );
  }
}
