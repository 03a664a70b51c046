import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import type { CookieOptions } from "../../../compat/express-session/cookie.ts";
import { MemoryStore } from "../../../compat/express-session/memory-store.ts";
import type { SessionRequest } from "../../../compat/express-session/session.ts";
import type { Secret } from "../../../compat/express-session/signature.ts";
import { Store } from "../../../compat/express-session/store.ts";
import type { ConnectStore } from "../../../connect-store.ts";
import { SessionError } from "../../../errors.ts";
import { warnOnce } from "../../../events.ts";

/** Options of `session`: those of express-session 1.19, and two of ours. */
export interface SessionOptions {
  /** What the cookie is signed with. Of several the first signs, and all verify. Default: `req.secret`. */
  secret?: Secret | Secret[] | undefined;
  /** The name of the cookie. Default: `"connect.sid"`. */
  name?: string | undefined;
  /** Where sessions are kept. Default: a new `MemoryStore`. */
  store?: ConnectStore | undefined;
  /** Attributes of the cookie, also by request. Default: `{ path: "/", httpOnly: true, secure: false, maxAge: null }`. */
  cookie?: CookieOptions | ((request: SessionRequest) => CookieOptions) | undefined;
  /** Gives an id to a new session. Default: 24 random bytes. */
  // Programs write their framework's own request there.
  // oxlint-disable-next-line typescript/no-explicit-any -- as programs and stores that were typed for express-session have it
  genid?: ((request: any) => string) | undefined;
  /** Whether `X-Forwarded-Proto` counts. Default: as `req.secure`, which Express takes from its `trust proxy`. */
  proxy?: boolean | undefined;
  /** Writes sessions that did not change, too. Default: true. */
  resave?: boolean | undefined;
  /** Sends the cookie with every response. Default: false. */
  rolling?: boolean | undefined;
  /** Keeps new sessions in which there is nothing, too. Default: true. */
  saveUninitialized?: boolean | undefined;
  /** What becomes of a session when `req.session` is set to null or deleted. Default: `"keep"`. */
  unset?: "destroy" | "keep" | undefined;
  /**
   * `"merge"`: of a session that another request has changed meanwhile, only the keys that this one changed are written,
   * and one that has ended is not written any more. `"overwrite"`: all of it is written, as express-session does.
   * Default: `"merge"`.
   */
  writes?: "merge" | "overwrite" | undefined;
  /**
   * `"fail"`: a response whose session could not be saved becomes an error, without a cookie. `"next"`: it leaves as it is,
   * and `next` is told of the error, as express-session does. Default: `"fail"`.
   */
  onSaveError?: "fail" | "next" | undefined;
}

/** The options, checked and with their defaults. */
export interface Checked {
  readonly name: string;
  readonly secrets: readonly Secret[] | undefined;
  readonly store: ConnectStore;
  readonly proxy: boolean | undefined;
  readonly resave: boolean;
  readonly rolling: boolean;
  readonly saveUninitialized: boolean;
  readonly destroysUnset: boolean;
  readonly merges: boolean;
  readonly fails: boolean;
  idOf(request: SessionRequest): string;
  cookieOf(request: SessionRequest): CookieOptions;
}

/** Throws `TypeError` with express-session's texts for its options, and `CONFIG` for ours. */
export function checkedOptions(options: SessionOptions & { key?: string }): Checked {
  const { genid, secret, unset, cookie = {}, writes = "merge", onSaveError = "fail" } = options;
  if (genid && typeof genid !== "function") throw new TypeError("genid option must be a function");
  if (unset && unset !== "destroy" && unset !== "keep") throw new TypeError('unset option must be "destroy" or "keep"');
  if (writes !== "merge" && writes !== "overwrite") refuse("writes", writes, "'merge' or 'overwrite'");
  if (onSaveError !== "fail" && onSaveError !== "next") refuse("onSaveError", onSaveError, "'fail' or 'next'");
  return {
    name: options.name || options.key || "connect.sid",
    secrets: secretsIn(secret),
    store: storeIn(options.store),
    proxy: options.proxy,
    resave: toldOf("resave", options.resave),
    rolling: Boolean(options.rolling),
    saveUninitialized: toldOf("saveUninitialized", options.saveUninitialized),
    destroysUnset: unset === "destroy",
    merges: writes === "merge",
    fails: onSaveError === "fail",
    idOf: genid || (() => randomBytes(24).toString("base64url")),
    cookieOf: typeof cookie === "function" ? cookie : () => cookie,
  };
}

function refuse(option: string, given: unknown, fitting: string): never {
  throw new SessionError("CONFIG", `${option} is ${String(given)}; give ${fitting}`);
}

function secretsIn(secret: SessionOptions["secret"]): readonly Secret[] | undefined {
  if (!secret) return undefined;
  if (!Array.isArray(secret)) return [secret];
  if (secret.length === 0) throw new TypeError("secret option array must contain one or more strings");
  return [...secret];
}

/** Both are true unless somebody says otherwise, which is seldom what is wanted. */
function toldOf(option: "resave" | "saveUninitialized", value: boolean | undefined): boolean {
  if (value === undefined) {
    warnOnce(`FLAGON_${option.toUpperCase()}`, `${option} is not set, and true then; set ${option}: false as a rule`);
  }
  return value ?? true;
}

function storeIn(given: ConnectStore | undefined): ConnectStore {
  const store = given ?? new MemoryStore();
  if (store instanceof MemoryStore && process.env["NODE_ENV"] === "production") {
    const text =
      "MemoryStore is for development: it forgets nothing without maxAge, and is of one process; give a store";
    process.emitWarning(text, { type: "FlagonWarning", code: "FLAGON_MEMORY_STORE" });
  }
  return store;
}

/**
 * Has a store that was made of express-session's own `Store` class make our sessions. What its own class says of them stays.
 */
export function adopt(store: ConnectStore, generate: (request: SessionRequest) => void): void {
  for (const method of ["createSession", "regenerate", "load"] as const) {
    if (isOfLibrary(store, method)) Reflect.set(store, method, Store.prototype[method]);
  }
  Object.assign(store, { generate });
}

/** Whether nobody, or a base class right over `EventEmitter`, has the method. */
function isOfLibrary(store: object, method: string): boolean {
  if (Object.hasOwn(store, method)) return false;
  const own: unknown = Object.getPrototypeOf(store);
  let owner = own;
  while (owner && !Object.hasOwn(owner, method)) owner = Object.getPrototypeOf(owner);
  return !owner || (owner !== own && Object.getPrototypeOf(owner) === EventEmitter.prototype);
}
