/**
 * Keeps entries in a Keyv: the dozens of engines that there are Keyv adapters for.
 *
 * A bridge, see `internal/bridge.ts`. Keyv cannot compare and swap, so this holds within one process only.
 */
import { inspect } from "node:util";
import { SessionError } from "../errors.ts";
import type { Listable, Store, Sweepable } from "../store.ts";
import { bridgeOver, type BridgeOptions } from "./internal/bridge.ts";

/** What is asked of Keyv 5 and 6. */
export interface KeyvInstance {
  get(key: string): Promise<unknown>;
  /** `false` where the value was not kept. `ttl` in milliseconds. */
  set(key: string, value: string, ttl: number): Promise<boolean>;
  delete(key: string): Promise<boolean>;
  /** The adapter, or the `Map`. */
  readonly store: unknown;
  on(event: "error", listener: (error: unknown) => void): unknown;
  listeners(event: "error"): unknown[] | undefined;
}

/** Whose time `keyvStore` counts by. */
export type KeyvStoreOptions = BridgeOptions;

/**
 * Keeps entries in a Keyv, under its namespace. `list` and `deleteExpired` are there where the adapter can list.
 *
 * Throws `CONFIG` when it is given no Keyv, and for one that is not told to throw its errors: an outage would read as a
 * logout.
 */
export function keyvStore(keyv: KeyvInstance, options: KeyvStoreOptions = {}): Store & Partial<Listable & Sweepable> {
  checkKeyv(keyv);
  const names = namesOf(keyv.store);
  const shelf = {
    get: (name: string) => unlessFailed(keyv, () => keyv.get(name)),
    async set(name: string, text: string, life: number) {
      if (!(await unlessFailed(keyv, () => keyv.set(name, text, life)))) throw new Error("Keyv did not keep a value");
    },
    remove: (name: string) => unlessFailed(keyv, () => keyv.delete(name)),
  };
  return bridgeOver(keyv, names ? { ...shelf, names } : shelf, options);
}

function checkKeyv(keyv: unknown): void {
  const { get, set, delete: remove, on, listeners, store } = (keyv ?? {}) as Partial<KeyvInstance>;
  const methods = [get, set, remove, on, listeners];
  if (!isObject(keyv) || methods.some((each) => typeof each !== "function") || !isObject(store)) {
    throw new SessionError("CONFIG", "keyvStore was given no Keyv; give one of keyv 5 or 6");
  }
  checkThrows("the Keyv", keyv);
  checkThrows("its adapter", store);
}

/** Keyv 5 and some adapters answer a failure as if there were nothing, unless told otherwise; Keyv 6 has no such switch. */
function checkThrows(whose: string, each: object): void {
  const given = "throwOnErrors" in each ? each.throwOnErrors : true;
  if (given === true) return;
  throw new SessionError(
    "CONFIG",
    `throwOnErrors of ${whose} is ${inspect(given)}; set it to true, or an outage would sign everyone out`,
  );
}

/** The errors that a Keyv told its listeners, counted. */
interface Told {
  count: number;
  last: unknown;
}

const heard = new WeakMap<KeyvInstance, Told>();

/**
 * Asks; rejects where an error was told meanwhile and the answer is none. A Keyv 6 that somebody listens to, and an
 * adapter that reports its errors but does not throw them, answer a failure as if there were nothing.
 */
async function unlessFailed<T>(keyv: KeyvInstance, ask: () => Promise<T>): Promise<T> {
  const told = listenTo(keyv);
  const before = told?.count;
  const answer = await ask();
  if (told && told.count !== before && !answer) throw told.last;
  return answer;
}

/** Listens, once, where others do: to be the only listener would keep Keyv 6 from throwing. */
function listenTo(keyv: KeyvInstance): Told | undefined {
  const known = heard.get(keyv);
  if (known || !keyv.listeners("error")?.length) return known;
  const told: Told = { count: 0, last: undefined };
  heard.set(keyv, told);
  keyv.on("error", (error) => {
    told.count++;
    told.last = error;
  });
  return told;
}

/** What is asked of an adapter that can list. Keyv 6 gives each one an `iterator`, and says apart whether it works. */
interface Iterating {
  iterator(namespace: string | undefined): AsyncIterable<[key: string, value: unknown]>;
  readonly namespace?: string;
  readonly capabilities?: { readonly store?: string; readonly methods?: { readonly iterator?: { exists: boolean } } };
}

function namesOf(store: unknown): (() => AsyncIterable<string> | Iterable<string>) | undefined {
  if (store instanceof Map) return () => [...store.keys()];
  if (!isIterating(store)) return undefined;
  return async function* names() {
    for await (const [key] of store.iterator(store.namespace)) yield key;
  };
}

function isIterating(store: unknown): store is Iterating {
  const { iterator, capabilities } = store as Partial<Iterating>;
  if (typeof iterator !== "function") return false;
  return capabilities?.store === "mapLike" || capabilities?.methods?.iterator?.exists !== false;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
