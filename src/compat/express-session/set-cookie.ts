/** What a `Set-Cookie` line of express-session can say beside the name and the value. */
export interface CookieLine {
  domain?: unknown;
  path?: unknown;
  expires?: unknown;
  httpOnly?: unknown;
  secure?: unknown;
  partitioned?: unknown;
  priority?: unknown;
  sameSite?: unknown;
}

/**
 * A `Set-Cookie` line, byte for byte as express-session 1.19 sends it, which percent-encodes the value. Throws `TypeError`
 * with its texts for what could break out of the line.
 */
export function setCookieLine(name: string, value: string, line: CookieLine): string {
  const text = encodeURIComponent(value);
  if (!TOKEN.test(name)) refuse("argument name");
  return [
    `${name}=${text}`,
    isGiven(line.domain) && `Domain=${checked("domain", line.domain, DOMAIN)}`,
    isGiven(line.path) && `Path=${checked("path", line.path, PATH)}`,
    isGiven(line.expires) && `Expires=${dateOf(line.expires)}`,
    isGiven(line.httpOnly) && "HttpOnly",
    isGiven(line.secure) && "Secure",
    isGiven(line.partitioned) && "Partitioned",
    isGiven(line.priority) && `Priority=${oneOf("priority", line.priority, PRIORITIES)}`,
    isGiven(line.sameSite) && `SameSite=${oneOf("sameSite", line.sameSite, SAME_SITES)}`,
  ]
    .filter((part) => part !== false)
    .join("; ");
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const DOMAIN = new RegExp(`^\\.?${LABEL}(?:\\.${LABEL})*$`, "i");
/** All that can be printed, but `;`. */
const PATH = /^[\x20-\x3a\x3c-\x7e]*$/;

const PRIORITIES: Readonly<Record<string, string>> = { low: "Low", medium: "Medium", high: "High" };
const SAME_SITES: Readonly<Record<string, string>> = { true: "Strict", strict: "Strict", lax: "Lax", none: "None" };

/** Whatever is false in JavaScript leaves the attribute away. */
function isGiven(value: unknown): boolean {
  return Boolean(value);
}

function checked(option: string, value: unknown, allowed: RegExp): string {
  return typeof value === "string" && allowed.test(value) ? value : refuse(`option ${option}`);
}

function dateOf(value: unknown): string {
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toUTCString() : refuse("option expires");
}

function oneOf(option: string, value: unknown, names: Readonly<Record<string, string>>): string {
  return names[String(value).toLowerCase()] ?? refuse(`option ${option}`);
}

function refuse(what: string): never {
  throw new TypeError(`${what} is invalid`);
}
