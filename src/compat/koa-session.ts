/**
 * Reads what koa-session 7 (tried with 7.0.2) left in browsers: JSON in base64, or the key of a record in the old
 * application's store, each with HMAC-SHA1 by Koa's keys in a cookie `.sig`. A record is removed when it was adopted.
 *
 * It may go when the last session has ended: koa-session's `maxAge` (one day, unless set) after the last process that
 * wrote one has ended; at the latest at `until` of `adopting`. Cookies that `maxAge: "session"` made hold no end.
 */
import type { Former, FormerContent, FormerCookie, FormerReader } from "../former.ts";
import { isObject, objectIn, without } from "./internal/json.ts";
import { type KeygripOptions, SIGNATURE_SUFFIX, keygrip } from "./internal/keygrip.ts";
import { checkRecordStore } from "./internal/records.ts";

/** What is asked of the old application's store. */
export interface KoaSessionStore {
  get(key: string, maxAge: number | undefined, options: { rolling: boolean }): unknown;
  destroy(key: string, options: object): unknown;
}

/** As the old application had them; `keys` are `app.keys`. */
export interface KoaSessionOptions extends KeygripOptions, Omit<FormerCookie, "name"> {
  /** The cookie's name. Default: `koa.sess`. */
  key?: string;
  /** Default: none, the data is in the cookie. */
  store?: KoaSessionStore;
  /** Whether `maxAge` was set to a number. Default: false. */
  permanent?: boolean;
}

/** The reader of koa-session's cookies. Throws `CONFIG` when it is given no keys, or a store that is none. */
export function koaSession(options: KoaSessionOptions): FormerReader {
  const { key: name = "koa.sess", store, permanent = false, keys, algorithm, encoding, ...attributes } = options;
  const isSigned = keygrip({ keys, ...(algorithm && { algorithm }), ...(encoding && { encoding }) });
  if (store) checkRecordStore(store);
  return {
    cookie: { name, ...attributes },
    signatureSuffix: SIGNATURE_SUFFIX,
    async read(value, now, signatures) {
      if (!isSigned(name, value, signatures)) return "the cookie of koa-session is not signed by a key that is known";
      if (store) return recordOf(store, value, (record) => contentOf(record, permanent, now));
      const content = contentOf(objectIn(Buffer.from(value, "base64").toString("utf8")), permanent, now);
      if (!content) return "the cookie of koa-session holds no session, or one that has ended";
      return { identity: value, isUnique: false, load: () => Promise.resolve(content) };
    },
  };
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
