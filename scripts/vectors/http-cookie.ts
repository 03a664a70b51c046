import { readCookies } from "../../src/cookies/read.ts";
import { type CookieAttributes, writeCookie } from "../../src/cookies/write.ts";
import { isTooLarge } from "../../src/flask/flask.ts";
import { PASSED, type Verdict, all, compared, failed } from "./differences.ts";
import { fromNotation } from "./notation.ts";
import type { Case, Suite } from "./suite.ts";

interface Parse extends Case {
  cookie_header_b64: string;
  session_value: string | null;
  count: number;
}

interface Dump extends Case {
  value: string;
  options: Readonly<Record<string, unknown>>;
  set_cookie: string | { $raises: string };
  warned_too_large: boolean;
}

const DEFAULT_MAX_SIZE = 4093;
/** The files' clock, in milliseconds. */
const NOW = 1_714_979_289_000;

/** Werkzeug's reading of Cookie headers and its writing of Set-Cookie lines. */
export const httpCookie: Suite = {
  groups: { parse: (example) => parse(example as Parse), dump: (example) => dump(example as Dump) },
};

function parse({ cookie_header_b64, session_value, count }: Parse): Verdict {
  const values = readCookies(Buffer.from(cookie_header_b64, "base64").toString("latin1"), "session");
  return all(compared("value", values[0] ?? null, session_value), compared("count", values.length, count));
}

function dump({ value, options, set_cookie, warned_too_large }: Dump): Verdict {
  if (/[\u001a-\u001f]/.test(value)) return { notApplicable: "control characters" };
  try {
    const line = writeCookie("session", value, attributesOf(options));
    return all(
      compared("line", line, set_cookie),
      compared("warning", isTooLarge(line, DEFAULT_MAX_SIZE), warned_too_large),
    );
  } catch (error) {
    return typeof set_cookie === "object" ? PASSED : failed(String(error));
  }
}

function attributesOf(options: Readonly<Record<string, unknown>>): CookieAttributes {
  const { domain, path = "/", samesite, secure, httponly, partitioned, max_age } = options;
  return {
    domain: (domain ?? undefined) as string | undefined,
    path: (path ?? undefined) as string | undefined,
    sameSite: (samesite ?? undefined) as string | undefined,
    secure: secure === true,
    httpOnly: httponly === true,
    partitioned: partitioned === true,
    maxAge: maxAgeOf(max_age),
    expiresAt: expiryOf(options),
  };
}

/** Seconds, or a timedelta. */
function maxAgeOf(maxAge: unknown): number | undefined {
  if (maxAge === undefined || maxAge === null) return undefined;
  const delta = (maxAge as { $timedelta?: string }).$timedelta;
  return Math.trunc(Number(delta ?? maxAge));
}

/** Without a date of its own, and unless told otherwise, Werkzeug makes one of `max_age`. */
function expiryOf({ expires, max_age, sync_expires }: Readonly<Record<string, unknown>>): number | undefined {
  const given = fromNotation(expires);
  if (given instanceof Date) return given.getTime();
  if (typeof given === "number") return given * 1000;
  const naive = (expires as { $datetime?: string } | undefined)?.$datetime;
  if (naive !== undefined) return Date.parse(`${naive}Z`);
  const seconds = maxAgeOf(max_age);
  return seconds === undefined || sync_expires === false ? undefined : NOW + seconds * 1000;
}
