/** Requests to a contender, one at a time, as a browser sends them. */
import type { Child } from "./child.ts";
import type { Scenario } from "./scenarios.ts";

/** What came back. */
export interface Visited {
  body: string;
  setCookie: readonly string[];
}

/** How many milliseconds an answer may take. */
const PATIENCE = 10_000;

/** Asks for a page. Throws for an answer that is no 200, or none. */
export async function visit({ url }: Child, path: string, cookie: string | undefined): Promise<Visited> {
  const headers = cookie === undefined ? {} : { cookie };
  const response = await fetch(url + path, { headers, signal: AbortSignal.timeout(PATIENCE) });
  const body = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${body}`);
  return { body, setCookie: response.headers.getSetCookie() };
}

/** The cookie of a new session that is logged in; `undefined` where a contender sets none. */
export async function logIn(child: Child): Promise<string | undefined> {
  const { setCookie } = await visit(child, "/login", undefined);
  return setCookie[0]?.split(";")[0];
}

/** What a scenario sends in place of a valid cookie. */
export function cookieFor({ cookie }: Scenario, valid: string | undefined): string | undefined {
  if (cookie === "none" || valid === undefined) return undefined;
  return cookie === "valid" ? valid : forged(valid);
}

/** The same id with another signature: both libraries put it behind the last dot, as 43 characters. */
function forged(valid: string): string {
  return `${valid.slice(0, valid.lastIndexOf(".") + 1)}${"A".repeat(43)}`;
}
