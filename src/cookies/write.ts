import { domainToASCII } from "node:url";
import { SessionError } from "../errors.ts";

/** The attributes of a `Set-Cookie` line (RFC 6265 section 4.1.2, and CHIPS for `partitioned`). */
export interface CookieAttributes {
  /** Default: none, so the cookie goes to the very host that set it. A port and a leading dot are dropped. */
  domain?: string | undefined;
  /** Epoch milliseconds, cut to the second. Default: none, so the cookie ends with the browser. */
  expiresAt?: number | undefined;
  /** Seconds. */
  maxAge?: number | undefined;
  secure?: boolean | undefined;
  httpOnly?: boolean | undefined;
  /** `undefined` leaves the attribute away. */
  path?: string | undefined;
  /** In any letter case. */
  sameSite?: string | undefined;
  /** Also sets `Secure`, without which browsers refuse it. */
  partitioned?: boolean | undefined;
}

/** Browsers ignore a cookie whose name and value have more bytes than this together (RFC 6265bis section 5.6). */
export const MAX_COOKIE_BYTES = 4096;

/** A `Set-Cookie` line, the attributes in Werkzeug's order. Throws `CONFIG` for what could break out of the line. */
export function writeCookie(name: string, value: string, attributes: CookieAttributes): string {
  return `${checkedName(name)}=${quote(value)}${writeAttributes(attributes)}`;
}

/** The line that removes a cookie: empty, and expired twice. The attributes must be those that set it. */
export function writeRemoval(name: string, attributes: CookieAttributes): string {
  return writeCookie(name, "", { ...attributes, expiresAt: 0, maxAge: 0 });
}

/** All that stands behind a cookie's value, with its leading `; `. */
export function writeAttributes(attributes: CookieAttributes): string {
  const { domain, expiresAt, maxAge, path, httpOnly, partitioned } = attributes;
  const secure = attributes.secure === true || partitioned === true;
  const sameSite = checkedSameSite(attributes.sameSite);
  return [
    domain === undefined ? "" : `; Domain=${checkedDomain(domain)}`,
    expiresAt === undefined ? "" : `; Expires=${httpDate(expiresAt)}`,
    maxAge === undefined ? "" : `; Max-Age=${maxAge}`,
    secure ? "; Secure" : "",
    httpOnly === true ? "; HttpOnly" : "",
    path === undefined ? "" : `; Path=${encodePath(path)}`,
    sameSite === undefined ? "" : `; SameSite=${sameSite}`,
    partitioned === true ? "; Partitioned" : "",
  ].join("");
}

/** An instant in epoch milliseconds as `Thu, 06 Jun 2024 07:08:09 GMT` (RFC 9110 section 5.6.7). */
function httpDate(at: number): string {
  return new Date(at).toUTCString();
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

function checkedName(name: string): string {
  if (TOKEN.test(name)) return name;
  throw new SessionError("CONFIG", `cookie name ${JSON.stringify(name)} has a character that RFC 6265 forbids`);
}

const PLAIN = /^[\w!#$%&'()*+\-./:<=>?@[\]^`{|}~]*$/;
const UNSAFE = /["\\]|[^\x20-\x7e]|[,;]/;

function quote(value: string): string {
  if (PLAIN.test(value)) return value;
  let quoted = "";
  for (const byte of Buffer.from(value, "utf8")) quoted += escapeByte(byte);
  return `"${quoted}"`;
}

function escapeByte(byte: number): string {
  const char = String.fromCharCode(byte);
  if (!UNSAFE.test(char)) return char;
  return char === '"' || char === "\\" ? `\\${char}` : `\\${byte.toString(8).padStart(3, "0")}`;
}

function checkedDomain(domain: string): string {
  const host = domain.replace(/:\d*$/, "").replace(/^\.+/, "");
  const ascii = domainToASCII(host);
  if (ascii !== "" || host === "") return ascii;
  throw new SessionError(
    "CONFIG",
    `cookie domain ${JSON.stringify(domain)} is no host name; give one like example.com`,
  );
}

const PATH_KEPT = new Set(Buffer.from("%!$&'()*+,/:=@-._~", "latin1"));

function encodePath(path: string): string {
  let encoded = "";
  for (const byte of Buffer.from(path, "utf8")) {
    const char = String.fromCharCode(byte);
    const kept = PATH_KEPT.has(byte) || /[0-9A-Za-z]/.test(char);
    encoded += kept ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

const SAME_SITE = new Map([
  ["strict", "Strict"],
  ["lax", "Lax"],
  ["none", "None"],
]);

function checkedSameSite(sameSite: string | undefined): string | undefined {
  if (sameSite === undefined) return undefined;
  const known = SAME_SITE.get(sameSite.toLowerCase());
  if (known !== undefined) return known;
  throw new SessionError("CONFIG", `SameSite must be 'Strict', 'Lax', or 'None', not ${JSON.stringify(sameSite)}`);
}
