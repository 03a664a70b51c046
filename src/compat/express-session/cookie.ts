import { type CookieLine, setCookieLine } from "./set-cookie.ts";
import { callable } from "./callable.ts";

/** Options of the cookie, with express-session's names. */
export interface CookieOptions {
  /** Milliseconds until the session ends, counted from each request. Default: `null`, as long as the browser is open. */
  maxAge?: number | null | undefined;
  /** Beside `maxAge` the last of the two counts. */
  expires?: Date | null | undefined;
  /** Default: `"/"`. Requests to other paths have no session. */
  path?: string | undefined;
  /** Default: none, the very host. */
  domain?: string | undefined;
  /** Default: true. */
  httpOnly?: boolean | undefined;
  /** `"auto"`: as the request. Default: false. */
  secure?: boolean | "auto" | undefined;
  /** `true` is `"strict"`; `"auto"`: `"none"` for a request by https and `"lax"` for another. Default: false, left away. */
  sameSite?: boolean | "lax" | "strict" | "none" | "auto" | undefined;
  priority?: "low" | "medium" | "high" | undefined;
  partitioned?: boolean | undefined;
  encode?: ((value: string) => string) | undefined;
}

/** What of a cookie is stored with its session. */
export type CookieRecord = CookieLine & { originalMaxAge?: number | null };

class SessionCookie {
  declare originalMaxAge: number | null;
  declare path: string;
  declare httpOnly: boolean;
  declare secure?: boolean | "auto" | undefined;
  declare domain?: string | undefined;
  declare sameSite?: boolean | "lax" | "strict" | "none" | "auto" | undefined;
  declare priority?: "low" | "medium" | "high" | undefined;
  declare partitioned?: boolean | undefined;
  /** Where `expires` is kept. Some programs read it. */
  declare _expires: Date | null | undefined;

  constructor(options?: object | null) {
    if (options && typeof options !== "object") throw new TypeError("argument options must be a object");
    this.path = "/";
    this.expires = null;
    this.httpOnly = true;
    // In their order: of `expires` and `maxAge` the last one counts.
    for (const [name, value] of Object.entries(options ?? {})) if (name !== "data") Reflect.set(this, name, value);
    this.originalMaxAge ??= this.maxAge;
  }

  get expires(): Date | null | undefined {
    return this._expires;
  }

  set expires(date: Date | null | undefined) {
    this._expires = date;
    this.originalMaxAge = this.maxAge;
  }

  /** Milliseconds that are left. */
  get maxAge(): number | null {
    const end: unknown = this._expires;
    return end instanceof Date ? end.getTime() - Date.now() : (end as null);
  }

  set maxAge(life: number | Date | null | undefined) {
    const isKnown = typeof life === "number" || life instanceof Date;
    if (life && !isKnown) throw new TypeError("maxAge must be a number or Date");
    this.expires = typeof life === "number" ? new Date(Date.now() + life) : life;
  }

  /** What is stored, and what the line is written from. */
  get data(): CookieRecord {
    const { originalMaxAge, partitioned, priority, expires, secure, httpOnly, domain, path, sameSite } = this;
    return { originalMaxAge, partitioned, priority, expires, secure, httpOnly, domain, path, sameSite };
  }

  /** The `Set-Cookie` line for a name and a value. */
  serialize(name: string, value: string): string {
    return setCookieLine(name, value, this.data);
  }

  toJSON(): CookieRecord {
    return this.data;
  }
}

/** The cookie of a session: its attributes, and when it ends. */
export const Cookie = callable(SessionCookie, "Cookie");
export type Cookie = SessionCookie;
