/**
 * Reads what iron-session 6.2 to 8 (tried with 8.0.4) left in browsers: seals `Fe26.2` of iron-webcrypto, whose keys are
 * derived from a password (PBKDF2, AES-256-CBC, HMAC-SHA256), and an end that is sealed in.
 *
 * It may go when the last seal has ended: iron-session's `ttl` (14 days, unless set) after the last process that made one
 * has ended; at the latest at `until` of `adopting`.
 */
import { createDecipheriv, createHmac, pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { fromBase64Url, sameSecret } from "../crypto/bytes.ts";
import type { FormerCookie, FormerReader } from "../former.ts";
import { SessionError } from "../errors.ts";
import { decodeValue } from "./internal/value.ts";
import { isObject, objectIn } from "./internal/json.ts";

/** As the old application had them. */
export interface IronSessionOptions extends Omit<FormerCookie, "name"> {
  cookieName: string;
  /** The password, or all of them by their numbers. */
  password: string | Readonly<Record<string, string>>;
  /** Whether the cookie outlived the browser: unless `cookieOptions.maxAge` was `undefined`. Default: true. */
  permanent?: boolean;
}

const PREFIX = "Fe26.2";
/** The version that iron-session puts behind a seal: the data as it is. Before, it was under `persistent`. */
const AS_IT_IS = "2";
/** iron-webcrypto lets clocks differ by so many milliseconds. */
const SKEW = 60_000;
const derive = promisify(pbkdf2);

/** The reader of iron-session's cookies. Throws `CONFIG` for a password that it would have refused. */
export function ironSession(options: IronSessionOptions): FormerReader {
  const { cookieName, password, permanent = true, ...attributes } = options;
  const passwords = passwordsOf(password);
  return {
    cookie: { name: cookieName, ...attributes },
    async read(value, now) {
      const [sealed = "", version] = decodeValue(value).split("~");
      const content = await unseal(sealed, passwords, now);
      if (typeof content === "string") return content;
      const data = version === AS_IT_IS ? content : content["persistent"];
      if (!isObject(data)) return "the seal of iron-session holds no session";
      // What is behind the seal is not sealed: the seal alone tells one from another.
      return { identity: sealed, isUnique: true, load: () => Promise.resolve({ data, permanent }) };
    },
  };
}

/** The object under a seal, or why there is none. */
async function unseal(sealed: string, passwords: ReadonlyMap<string, string>, now: number) {
  const [prefix, id = "", salt = "", iv = "", box = "", expiration = "", macSalt = "", mac = "", ...rest] =
    sealed.split("*");
  if (prefix !== PREFIX || mac === "" || rest.length > 0) return "the cookie of iron-session is no seal";
  const password = passwords.get(id === "" ? "default" : id);
  if (password === undefined) return "the cookie of iron-session was sealed with a password that is not known";
  const base = sealed.slice(0, sealed.length - macSalt.length - mac.length - 2);
  const good = createHmac("sha256", await keyOf(password, macSalt))
    .update(base)
    .digest("base64url");
  if (!sameSecret(good, mac)) return "the cookie of iron-session is not sealed by a password that is known";
  if (!isLive(expiration, now)) return "the seal of iron-session has ended";
  return decrypt(await keyOf(password, salt), iv, box) ?? "the seal of iron-session holds no session";
}

function isLive(expiration: string, now: number): boolean {
  return expiration === "" || (/^\d{1,15}$/.test(expiration) && Number(expiration) > now - SKEW);
}

function keyOf(password: string, salt: string): Promise<Buffer> {
  return derive(password, salt, 1, 32, "sha1");
}

function decrypt(key: Buffer, iv: string, box: string): Record<string, unknown> | undefined {
  const [ivBytes, bytes] = [fromBase64Url(iv), fromBase64Url(box)];
  if (ivBytes?.byteLength !== 16 || !bytes) return undefined;
  try {
    const decipher = createDecipheriv("aes-256-cbc", key, ivBytes);
    return objectIn(Buffer.concat([decipher.update(bytes), decipher.final()]).toString("utf8"));
  } catch {
    return undefined;
  }
}

function passwordsOf(password: IronSessionOptions["password"]): ReadonlyMap<string, string> {
  const passwords = new Map(typeof password === "string" ? [["1", password]] : Object.entries(password ?? {}));
  const isLong = (one: unknown) => typeof one === "string" && one.length >= 32;
  if (passwords.size > 0 && [...passwords.values()].every(isLong)) return passwords;
  throw new SessionError(
    "CONFIG",
    "password has to be the old application's, of 32 characters at least, or a map of such",
  );
}
