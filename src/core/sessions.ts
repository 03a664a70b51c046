import { type Clock, systemClock } from "../clock.ts";
import type { Codec } from "../codecs/codec.ts";
import { json } from "../codecs/json.ts";
import { msgpack } from "../codecs/msgpack.ts";
import { sealed } from "../codecs/sealed.ts";
import { signed } from "../codecs/signed.ts";
import { taggedJson } from "../codecs/tagged-json.ts";
import { sha256 } from "../crypto/bytes.ts";
import { type KeyRing, type Keys, keyRing } from "../crypto/keyring.ts";
import { aesSealer } from "../crypto/sealer.ts";
import { type Signer, hmacSigner } from "../crypto/signer.ts";
import { SessionError } from "../errors.ts";
import type { Store } from "../store.ts";
import { type CookieOptions, sessionCookie } from "./cookie.ts";
import { type Timeouts, millisecondsOf } from "./expiry.ts";
import { guarded } from "./guard.ts";
import { ownHabits } from "./habits.ts";
import { type Ids, randomId } from "./id.ts";
import type { SessionInterface } from "./interface.ts";
import { inCookie } from "./interfaces/cookie.ts";
import { type StoredKind, stored } from "./interfaces/stored.ts";
import type { OnConflict } from "./merge.ts";
import { remembering } from "./remember.ts";
import type { DeclaredData } from "./session.ts";
import { type OnStoreError, checkOptions, checkedOnStoreError } from "./options.ts";

/** Options of every kind of session. */
export interface CommonOptions {
  /** The secret keys, by their roles. */
  keys: Keys;
  /** In seconds. Default: 30 minutes idle, 24 hours absolute. */
  timeouts?: Timeouts;
  /** Default: HttpOnly, SameSite=Lax, Path=/, Secure and the `__Host-` prefix over https. */
  cookie?: CookieOptions;
  /** Default: the machine's clock. */
  clock?: Clock;
}

/** Options of sessions in a store. */
export interface SessionsOptions extends CommonOptions {
  /** Where the data is: `memoryStore()`, `fileStore(…)`, `redisStore(…)` or one of your own. */
  store: Store;
  /** How data becomes bytes. Default: `msgpack`, which keeps dates, bytes and 64-bit integers. */
  codec?: "msgpack" | "json" | Codec;
  /** What is done with a key that two requests set otherwise. Default: `mine`, and an event tells of it. */
  onConflict?: OnConflict;
  /**
   * A session's id lives so many seconds; then a request that looks at the session gives it another. The former id leads to
   * the new one until the browser has shown that, and 10 seconds longer; never across `regenerate` or `destroy`. Default:
   * an id lives as long as its session.
   */
  renewEvery?: number;
  /** The longest that the store may take to answer, in seconds. Default: 1. */
  storeTimeout?: number;
  /**
   * What a request gets while the store fails. `fail`: an error with status 503. `anonymous`: an empty session, whose
   * changes cannot be saved (`STORE`) and which leaves the cookie alone; an event tells. Default: `fail`.
   */
  onStoreError?: OnStoreError;
}

/** Options of sessions in the cookie. */
export interface CookieSessionsOptions extends CommonOptions {
  /**
   * `sealed`: encrypted with AES-256-GCM. `signed`: readable by the browser's owner, in the format of Flask's cookie but
   * with HMAC-SHA256. Default: `sealed`.
   */
  format?: "sealed" | "signed";
}

const ID_BYTES = 32;
/** Cookies whose signature was found good are not computed again for returning visitors. */
const REMEMBERED_TOKENS = 10_000;
const ID = /^[A-Za-z0-9_-]{43}$/;
const CODECS = { msgpack: msgpack(), json: json() };

/**
 * Sessions whose data is in a store; the cookie carries a signed id of 32 random bytes, and the store knows the SHA-256
 * of it. Throws `CONFIG` for a wrong option, and names it.
 */
export function sessions<T extends object = DeclaredData>(options: SessionsOptions): SessionInterface<T> {
  checkOptions("sessions", options, [...COMMON, ...STORED]);
  const { store, codec = "msgpack", clock = systemClock, onConflict = "mine", storeTimeout = 1 } = options;
  checkStore(store);
  millisecondsOf("storeTimeout", storeTimeout);
  const kind: StoredKind = {
    store: guarded(store, storeTimeout, clock),
    codec: codecOf(codec),
    clock,
    onConflict: checkedOnConflict(onConflict),
    onStoreError: checkedOnStoreError(options.onStoreError),
    renewal: { every: renewalOf(options) },
    cookie: sessionCookie(options.cookie),
    habits: ownHabits(options.timeouts),
    ids: IDS,
    token: tokenOf(signerOf(ringOf(options), purposeOf("id", options))),
  };
  return stored(kind) as SessionInterface<T>;
}

/**
 * Sessions that live in the cookie itself: nothing is kept on the server. Parallel requests overwrite each other,
 * `update` throws, and a copy of the cookie is good until it expires. Throws `CONFIG` for a wrong option, and names it.
 */
export function cookieSessions<T extends object = DeclaredData>(options: CookieSessionsOptions): SessionInterface<T> {
  checkOptions("cookieSessions", options, [...COMMON, "format"]);
  const { format = "sealed", clock = systemClock } = options;
  const keys = ringOf(options);
  const habits = ownHabits(options.timeouts);
  const cookie = sessionCookie(options.cookie);
  const rest = { clock, cookie, habits, lifetime: habits.longest };
  const kind =
    checkedFormat(format) === "sealed"
      ? { codec: CODECS.msgpack, envelope: sealed(aesSealer(keys, purposeOf("data", options))), ...rest }
      : { codec: taggedJson, envelope: signed(signerOf(keys, purposeOf("data", options))), ...rest };
  return inCookie(kind) as SessionInterface<T>;
}

const COMMON = ["keys", "timeouts", "cookie", "clock"] as const;
const STORED = ["store", "codec", "onConflict", "renewEvery", "storeTimeout", "onStoreError"] as const;

const IDS: Ids = {
  create: () => randomId(ID_BYTES),
  isId: (text) => ID.test(text),
  keyOf: sha256,
};

/** A key derived for one purpose is good for no other, and a cookie of one name is none of another. */
function purposeOf(use: "id" | "data", { cookie }: CommonOptions): string {
  return `flagon ${use} ${cookie?.name ?? "sid"}`;
}

function ringOf({ keys }: CommonOptions): KeyRing {
  if (typeof keys === "object" && keys !== null) checkOptions("keys", keys, ["current", "previous"]);
  return keyRing(keys);
}

function signerOf(keys: KeyRing, salt: string): Signer {
  return hmacSigner({ keys, salt, digest: "sha256" });
}

function tokenOf(signer: Signer): StoredKind["token"] {
  return {
    write: (id) => signer.sign(id),
    read: remembering((text) => {
      const unsigned = signer.unsign(text);
      return unsigned && { id: unsigned.text, current: unsigned.current };
    }, REMEMBERED_TOKENS),
  };
}

function codecOf(codec: "msgpack" | "json" | Codec): Codec {
  if (typeof codec === "object" && codec !== null) return codec;
  if (Object.hasOwn(CODECS, codec)) return CODECS[codec];
  throw new SessionError("CONFIG", `codec is ${codec}; give 'msgpack', 'json' or an object with encode and decode`);
}

function checkStore(store: unknown): void {
  const verbs = ["create", "read", "update", "delete"] as const;
  const given = store as Partial<Record<(typeof verbs)[number], unknown>> | null | undefined;
  if (verbs.every((verb) => typeof given?.[verb] === "function")) return;
  throw new SessionError(
    "CONFIG",
    "store is no store; give memoryStore(), fileStore(…), redisStore(…) or the four verbs",
  );
}

/** Milliseconds; `Infinity` for ids that are never renewed. */
function renewalOf({ renewEvery, store }: SessionsOptions): number {
  if (renewEvery === undefined) return Infinity;
  const every = millisecondsOf("renewEvery", renewEvery);
  if (store.capabilities?.swap !== false) return every;
  throw new SessionError("CONFIG", "renewEvery needs a store that can compare and swap; docs/stores tells which can");
}

function checkedOnConflict(onConflict: OnConflict): OnConflict {
  if (typeof onConflict === "function" || ["mine", "theirs", "error"].includes(onConflict)) return onConflict;
  throw new SessionError("CONFIG", `onConflict is ${onConflict}; give 'mine', 'theirs', 'error' or a function`);
}

function checkedFormat(format: "sealed" | "signed"): "sealed" | "signed" {
  if (format === "sealed" || format === "signed") return format;
  throw new SessionError("CONFIG", `format is ${String(format)}; give 'sealed' or 'signed'`);
}
