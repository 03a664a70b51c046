/** What is known of Next: its cookies, and the errors by which its handlers answer. */
import type { Saved } from "../../core/interface.ts";

/** What is asked of Next's cookies. */
export interface CookieJar {
  set(cookie: Cookie): unknown;
  delete: unknown;
}

/** A cookie as Next takes it. */
interface Cookie {
  name: string;
  value: string;
  [attribute: string]: unknown;
}

/** Whether nothing can be set, as while a page renders: then all that would change the jar is one function that throws. */
export function isSealed(jar: CookieJar): boolean {
  return jar.set === jar.delete;
}

/** Has the answer to an action set the cookies of a save. Next says by itself that no cache is to keep that answer. */
export function setCookies(jar: CookieJar, { headers }: Saved): void {
  for (const [name, line] of headers) if (name.toLowerCase() === "set-cookie") jar.set(cookieIn(line));
}

/** Each attribute as Next calls it, and what it reads there. */
const ATTRIBUTES: Record<string, [name: string, read: (text: string) => unknown]> = {
  Domain: ["domain", String],
  Expires: ["expires", (text) => new Date(text)],
  "Max-Age": ["maxAge", Number],
  Secure: ["secure", () => true],
  HttpOnly: ["httpOnly", () => true],
  Path: ["path", String],
  SameSite: ["sameSite", String],
  Partitioned: ["partitioned", () => true],
};

/** A `Set-Cookie` line of ours as Next takes cookies. */
function cookieIn(line: string): Cookie {
  const [[name, value], ...attributes] = line.split("; ").map(partsOf) as [[string, string], ...[string, string][]];
  const read = attributes.flatMap(([key, text]) => {
    const [as, of] = ATTRIBUTES[key] ?? [];
    return as !== undefined && of ? [[as, of(text)]] : [];
  });
  return { name, value, ...Object.fromEntries(read) };
}

function partsOf(text: string): [string, string] {
  const at = text.indexOf("=");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

/** Next's errors that are answers: `NEXT_REDIRECT;replace;/to;307;` and `NEXT_HTTP_ERROR_FALLBACK;404`. */
const REDIRECT = /^NEXT_REDIRECT;[^;]*;(?<url>.*);(?<status>30[1378]);$/;
const FALLBACK = /^NEXT_HTTP_ERROR_FALLBACK;(?<status>4\d\d)$/;

/** Whether an error is none by which a handler answers. */
export function isFailure(error: unknown): boolean {
  return answerIn(error) === undefined;
}

/** The response that such an error stands for, as Next gives it. Throws any other. */
export function responseOf(error: unknown): Response {
  const answer = answerIn(error);
  if (!answer) throw error;
  const { url, status } = answer;
  return new Response(null, { status: Number(status), ...(url !== undefined && { headers: { Location: url } }) });
}

function answerIn(error: unknown): Partial<Record<"url" | "status", string>> | undefined {
  const { digest } = (error ?? {}) as { digest?: unknown };
  return typeof digest === "string" ? (REDIRECT.exec(digest) ?? FALLBACK.exec(digest))?.groups : undefined;
}
