/**
 * Reads what koa-session 7 (tried with 7.0.2) left in browsers: JSON in base64, or the key of a record in the old
 * application's store, each with HMAC-SHA1 by Koa's keys in a cookie `.sig`. A record is removed when it was adopted.
 *
 * It may go when the last session has ended: koa-session's `maxAge` (one day, unless set) after the last process that
 * wrote one has ended; at the latest at `until` of `adopting`. Cookies that `maxAge: "session"` made hold no end.
 */
import { SessionError } from "../errors.ts";
import type { Former, FormerContent, FormerCookie, FormerReader } from "../former.ts";
import { isObject, objectIn, without } from "./internal/json.ts";
import { type KeygripOptions, SIGNATURE_SUFFIX, keygrip } from "./internal/keygrip.ts";
import { checkRecordStore } from "./internal/records.ts";

/** What is asked of the old application's store. */
export interface KoaSessionStore {
  get(key: string, maxAge: number | undefined, options: { rolling: boolean }): unknown;
  destroy(key: string, options: object): unknown;
}

/** As the old application had them. */
export interface KoaSessionOptions extends Omit<KeygripOptions, "keys">, Omit<FormerCookie, "name"> {
  /** Those of `app.keys`; none with `signed: false`. */
  keys?: KeygripOptions["keys"];
  /** The cookie's name; where there was an `externalKey`, the name of the cookie that it used. Default: `koa.sess`. */
  key?: string;
  /** Default: none, the data is in the cookie. */
  store?: KoaSessionStore;
  /** `false` only with a store, whose keys nobody can guess: data that nobody signed proves nothing. Default: true. */
  signed?: boolean;
  /** What the application read its cookies with. Default: JSON in base64. */
  decode?: (value: string) => unknown;
  /** Whether `maxAge` was set to a number. Default: false. */
  permanent?: boolean;
}

/** The reader of koa-session's cookies. Throws `CONFIG` when it is given no keys, or a store that is none. */
export function koaSession(options: KoaSessionOptions): FormerReader {
  const { key: name = "koa.sess", store, permanent = false, decode = decodeJson, ...rest } = options;
  const { keys, algorithm, encoding, signed = true, ...attributes } = rest;
  if (store) checkRecordStore(store);
  if (!signed) checkUnsigned(store, keys);
  const isGood = signed
    ? keygrip({ keys: keys ?? [], ...(algorithm && { algorithm }), ...(encoding && { encoding }) })
    : () => true;
  return {
    cookie: { name, ...attributes },
    ...(signed && { signatureSuffix: SIGNATURE_SUFFIX }),
    async read(value, now, signatures) {
      if (!isGood(name, value, signatures)) return "the cookie of koa-session is not signed by a key that is known";
      if (store) return recordOf(store, value, (record) => contentOf(record, permanent, now));
      const content = contentOf(decoded(decode, value), permanent, now);
      if (!content) return "the cookie of koa-session holds no session, or one that has ended";
      return { identity: value, isUnique: false, load: () => Promise.resolve(content) };
    },
  };
}

function decodeJson(value: string): unknown {
  return objectIn(Buffer.from(value, "base64").toString("utf8"));
}

/** `undefined` for what cannot be decoded: it was signed, and yet another application's. */
function decoded(decode: (value: string) => unknown, value: string): unknown {
  try {
    return decode(value);
  } catch {
    return undefined;
  }
}

function checkUnsigned(store: KoaSessionStore | undefined, keys: unknown): void {
  if (store && keys === undefined) return;
  throw new SessionError("CONFIG", "signed: false needs a store and no keys; data that nobody signed is not read");
}

function recordOf(store: KoaSessionStore, key: string, read: (record: unknown) => FormerContent | undefined): Former {
  return {
    identity: key,
    isUnique: true,
    load: async () => read(await store.get(key, undefined, { rolling: false })),
    discard: async () => store.destroy(key, {}),
  };
}

/** What begins with `_` is koa-session's own: it keeps nothing else by such a name. */
function contentOf(record: unknown, permanent: boolean, now: number): FormerContent | undefined {
  if (!isObject(record)) return undefined;
  const { _expire: end, _session: endsWithBrowser } = record;
  if (typeof end === "number" && end < now) return undefined;
  const own = Object.keys(record).filter((name) => name.startsWith("_"));
  return { data: without(record, own), permanent: permanent && endsWithBrowser !== true };
}
