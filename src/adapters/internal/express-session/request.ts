import type { SessionRequest } from "../../../compat/express-session/session.ts";
import { type Secret, unsignId } from "../../../compat/express-session/signature.ts";
import { isEncrypted } from "../secure.ts";

const AUTHORITY = /^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i;

/** The path that was asked for, before any router cut it. */
export function pathOf({ originalUrl, url = "" }: SessionRequest): string {
  const target = originalUrl ?? url;
  const [path = ""] = target.replace(AUTHORITY, "").split(/[?#]/, 1);
  return path || "/";
}

/** Whether the browser came by https. `proxy`: whether `X-Forwarded-Proto` counts; `undefined`: `req.secure` does. */
export function cameBySecure(request: SessionRequest, proxy: boolean | undefined): boolean {
  // Requests that are made for tests may have come by nothing.
  if ((request.socket as object | undefined) && isEncrypted(request)) return true;
  if (proxy !== true) return proxy === undefined && request.secure === true;
  const [first = ""] = String(request.headers["x-forwarded-proto"] ?? "").split(",", 1);
  return first.trim().toLowerCase() === "https";
}

/** The id in a cookie of that name that one of the secrets has signed, or in what cookie-parser has found before. */
export function idIn(request: SessionRequest, name: string, secrets: readonly Secret[]): string | undefined {
  const { signedCookies, cookies } = request;
  const ids = valuesOf(request.headers.cookie, name).map((value) => unsignId(value, secrets));
  const parsed: unknown = named(cookies, name);
  return (
    ids.find((id) => id !== undefined && id !== "") ??
    textOf(named(signedCookies, name)) ??
    (typeof parsed === "string" ? unsignId(parsed, secrets) : undefined)
  );
}

function named(cookies: unknown, name: string): unknown {
  return (cookies as Record<string, unknown> | null | undefined)?.[name];
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Every value of a name, percent-decoded, and without quotes around it. */
function valuesOf(header: string | undefined, name: string): string[] {
  if (!header?.includes(name)) return [];
  return header
    .split(";")
    .filter((pair) => pair.includes("="))
    .map((pair) => [pair.slice(0, pair.indexOf("=")).trim(), pair.slice(pair.indexOf("=") + 1).trim()] as const)
    .filter(([key]) => key === name)
    .map(([, value]) => decoded(value.replace(/^"(.*)"$/, "$1")));
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
