import { type Clock, systemClock } from "../clock.ts";
import { signed } from "../codecs/signed.ts";
import { taggedJson } from "../codecs/tagged-json.ts";
import { type SessionCookie, plainCookie } from "../core/cookie.ts";
import { type Ids, randomId } from "../core/id.ts";
import type { SessionInterface } from "../core/interface.ts";
import { inCookie } from "../core/interfaces/cookie.ts";
import { nullSessions } from "../core/interfaces/null.ts";
import { type StoredKind, stored } from "../core/interfaces/stored.ts";
import type { OnConflict } from "../core/merge.ts";
import { checkOptions } from "../core/options.ts";
import type { DeclaredData } from "../core/session.ts";
import { MAX_COOKIE_BYTES, writeCookie } from "../cookies/write.ts";
import { bytesOf } from "../crypto/bytes.ts";
import type { Secret } from "../crypto/keyring.ts";
import { hmacSigner } from "../crypto/signer.ts";
import { SessionError } from "../errors.ts";
import { warnOnce } from "../events.ts";
import { entryCodec } from "./codec.ts";
import { type FlaskConfig, type Settings, settingsOf } from "./config.ts";
import { shortestLifetime, signedCookieHabits, storedHabits } from "./habits.ts";
import { storeOf } from "./stores.ts";

export { Extension, Float, Markup, Tuple, Uuid } from "../codecs/python.ts";
export type { FlaskConfig } from "./config.ts";

/** What Flask's configuration has no key for. */
export interface FlaskSessionOptions {
  /** Default: the machine's clock. */
  clock?: Clock;
  /** Makes the ids of new sessions, as Flask-Session's `_generate_sid`. Default: `SESSION_ID_LENGTH` random bytes. */
  createId?: () => string;
  /** What is done with a key that two requests set otherwise. Default: `mine`, and an event tells of it. */
  onConflict?: OnConflict;
  /** The longest that the store may take to answer, in seconds. Default: 1. */
  storeTimeout?: number;
}

/** Flask's own words (`NullSession._fail`). */
const NO_KEY =
  "The session is unavailable because no secret key was set.  Set the secret_key on the application to something unique and secret.";
const NO_TYPE = "The session is unavailable because SESSION_TYPE is null; set it to redis or filesystem.";

/**
 * Sessions as Flask and Flask-Session configure, send and store them. Takes their configuration, or `process.env`.
 *
 * Without a `SESSION_TYPE` it is Flask's signed cookie; without a `SECRET_KEY` either, or with the type `null`, reads
 * find nothing and writes throw `READ_ONLY`. Throws `CONFIG` for a value that means nothing, and for a key that begins
 * with `SESSION_` but is none.
 */
export function flaskSession<T extends object = DeclaredData>(
  config: FlaskConfig | Readonly<Record<string, unknown>>,
  options: FlaskSessionOptions = {},
): SessionInterface<T> {
  checkOptions("flaskSession", options, ["clock", "createId", "onConflict", "storeTimeout"]);
  const settings = settingsOf(config);
  return kindOf(settings, options) as SessionInterface<T>;
}

function kindOf(settings: Settings, options: FlaskSessionOptions): SessionInterface<Record<string, unknown>> {
  if (settings.type === "null") return nullSessions(NO_TYPE);
  if (settings.type !== undefined) return storedSessions(settings.type, settings, options);
  return settings.secretKey === undefined ? nullSessions(NO_KEY) : signedCookies(settings, settings.secretKey, options);
}

function signedCookies(settings: Settings, secretKey: Secret, { clock = systemClock }: FlaskSessionOptions) {
  const keys = [bytesOf(secretKey), ...settings.fallbacks.map(bytesOf)] as const;
  return inCookie({
    codec: taggedJson,
    clock,
    cookie: cookieOf(settings, settings.cookiePartitioned),
    habits: signedCookieHabits(settings),
    envelope: signed(hmacSigner({ keys, salt: "cookie-session", digest: "sha1" })),
    lifetime: Math.trunc(settings.lifetime),
  });
}

function storedSessions(type: string, settings: Settings, options: FlaskSessionOptions) {
  const { clock = systemClock, onConflict = "mine", storeTimeout = 1 } = options;
  const shortest = shortestLifetime(type);
  if (settings.lifetime < shortest) {
    throw new SessionError(
      "CONFIG",
      `PERMANENT_SESSION_LIFETIME is ${settings.lifetime}; SESSION_TYPE ${type} needs at least ${shortest} second`,
    );
  }
  const kind: StoredKind = {
    store: storeOf(type, settings, clock, storeTimeout),
    codec: entryCodec(settings.format),
    clock,
    onConflict,
    cookie: cookieOf(settings, false),
    habits: storedHabits(settings),
    ids: idsOf(settings, options),
    token: settings.useSigner ? signedIds(settings.secretKey) : PLAIN_IDS,
  };
  return stored(kind);
}

/** Any text may name a session: what older releases and applications of their own make as ids is not known. */
const ID = /^[^\x00-\x1f\x7f]{1,1024}$/;

function idsOf({ idLength, keyPrefix }: Settings, { createId }: FlaskSessionOptions): Ids {
  return {
    create: createId ?? (() => randomId(idLength)),
    isId: (text) => ID.test(text),
    keyOf: (id) => keyPrefix + id,
  };
}

const PLAIN_IDS: StoredKind["token"] = {
  write: (id) => id,
  read: (text) => ({ id: text, current: true }),
};

/** Flask-Session signs with the current key only. */
function signedIds(secretKey: Secret | undefined): StoredKind["token"] {
  if (secretKey === undefined) throw new SessionError("CONFIG", "SECRET_KEY must be set when SESSION_USE_SIGNER=True");
  const signer = hmacSigner({ keys: [bytesOf(secretKey)], salt: "flask-session", digest: "sha1" });
  return {
    write: (id) => signer.sign(id),
    read(text) {
      const unsigned = signer.unsign(text);
      return unsigned && { id: unsigned.text, current: true };
    },
  };
}

function cookieOf(settings: Settings, partitioned: boolean): SessionCookie {
  const attributes = {
    domain: settings.cookieDomain,
    path: settings.cookiePath,
    httpOnly: settings.cookieHttpOnly,
    secure: settings.cookieSecure,
    sameSite: settings.cookieSameSite,
    partitioned,
  };
  // A wrong name, domain or SameSite is told now, and by no request.
  writeCookie(settings.cookieName, "", attributes);
  const cookie = plainCookie({
    nameOf: () => settings.cookieName,
    attributesOf: () => attributes,
    maxBytes: MAX_COOKIE_BYTES,
    firstOnly: true,
  });
  return {
    ...cookie,
    write(request, value, expiresAt) {
      const line = cookie.write(request, value, expiresAt);
      if (isTooLarge(line, settings.maxCookieSize)) warnTooLarge(settings);
      return line;
    },
  };
}

/** Whether Werkzeug would warn of a `Set-Cookie` line. */
export function isTooLarge(line: string, maxCookieSize: number): boolean {
  return maxCookieSize > 0 && line.length > maxCookieSize;
}

function warnTooLarge({ cookieName, maxCookieSize }: Settings): void {
  warnOnce(
    "COOKIE_SIZE",
    `the cookie ${cookieName} is larger than MAX_COOKIE_SIZE (${maxCookieSize} bytes); browsers may drop it`,
  );
}
