import type { Data } from "../codecs/codec.ts";
import { inheritShape, isIndex, setOwn } from "../codecs/shapes.ts";
import { SessionError } from "../errors.ts";
import { type SessionState, stateOf } from "./state.ts";

/**
 * The data of an application's sessions, for `req.session` and its kind. Declare it once:
 *
 * ```ts
 * declare module "flagon" { interface SessionData { user: string } }
 * ```
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- filled by declaration merging
export interface SessionData {}

/** What `SessionData` was declared to be; any text to anything where it was not. */
export type DeclaredData = keyof SessionData extends never ? Record<string, unknown> : SessionData;

/** One visitor's data as an ordinary object, over the controls of its session. */
export type Session<T extends object = DeclaredData> = Partial<Omit<T, keyof Controls<T>>> & Controls<T>;

/** A message for the next page, and its category. */
export type Flash = [category: string, message: unknown];

/** What every session can do. A key that bears one of these names is reached by `get`, `pop` and `setDefault`. */
export interface Controls<T extends object = DeclaredData> {
  /** The value under `key`, or `fallback` where there is none. */
  get<K extends keyof T>(key: K): T[K] | undefined;
  get<K extends keyof T, F>(key: K, fallback: F): Exclude<T[K], undefined> | F;
  /** Removes a key and gives what stood there, or `fallback`. */
  pop<K extends keyof T>(key: K): T[K] | undefined;
  pop<K extends keyof T, F>(key: K, fallback: F): Exclude<T[K], undefined> | F;
  /** The value under `key`, which becomes `value` if there was none. */
  setDefault<K extends keyof T>(key: K, value: T[K]): Exclude<T[K], undefined>;
  /** Removes all data. A session that is empty when it is saved ends: its record and its cookie go. */
  clear(): void;
  /**
   * Sets `key` to `change(current)` and gives the new value. When another request changed the key meanwhile, `change`
   * runs again on its value, so counters, lists and carts are exact; it should do nothing else.
   *
   * Throws `READ_ONLY` for a session that lives in the cookie: nothing can be compared and swapped there.
   */
  update<K extends keyof T>(key: K, change: (current: T[K] | undefined) => T[K]): T[K];
  /** The secret name of a stored session; an empty text for one that lives in the cookie. Not for logs. */
  readonly id: string;
  /** Whether no session came with the request. */
  readonly isNew: boolean;
  /** Whether the cookie outlives the browser. Kept with the data as `_permanent`. */
  permanent: boolean;
  /** Whether the data will be saved as changed. Setting it decides, as in Flask; unset, the data is compared. */
  modified: boolean;
  /** Whether this request has looked at the session. */
  readonly accessed: boolean;
  /** Epoch milliseconds; `undefined` where the format holds no such instant (Flask's). */
  readonly createdAt: number | undefined;
  /** Epoch milliseconds, as last saved; `undefined` for a session that never was. */
  readonly expiresAt: number | undefined;
  /** Gives the same data a new id when it is saved; the old id is dead then. Always at login. */
  regenerate(): void;
  /** Ends the session: its record and its cookie go when it is saved, whatever is set after this. */
  destroy(): void;
  /** Keeps a message for the next page that asks. Default category: `message`. Stored as Flask's `_flashes`. */
  flash(message: unknown, category?: string): void;
  /** The messages kept so far, which are forgotten with that; all calls of one request give the same. */
  takeFlashes(options: { withCategories: true; categories?: readonly string[] }): Flash[];
  takeFlashes(options?: { withCategories?: false; categories?: readonly string[] }): unknown[];
}

const PERMANENT = "_permanent";
const FLASHES = "_flashes";

/** `Controls`, before `sealControls` makes each of them unassignable. */
class SessionControls {
  get(key: string, fallback?: unknown): unknown {
    return has(this, key) ? read(this, key) : fallback;
  }

  pop(key: string, fallback?: unknown): unknown {
    const value = this.get(key, fallback);
    remove(this, key);
    return value;
  }

  setDefault(key: string, value: unknown): NonNullable<unknown> {
    if (!has(this, key)) write(this, key, value);
    return read(this, key) as NonNullable<unknown>;
  }

  clear(): void {
    const state = stateOf(this);
    state.assertWritable();
    const kept = state.habits.keepsPermanent ? this.permanent : undefined;
    for (const key of Object.keys(this)) remove(this, key);
    for (const key of state.hidden.keys()) if (!state.habits.isOurs(key)) state.hidden.delete(key);
    if (kept !== undefined) write(this, PERMANENT, kept);
    state.markModified();
  }

  update(key: string, change: (current: unknown) => unknown): unknown {
    const state = stateOf(this);
    state.assertUpdatable();
    const current = this.get(key);
    // Taken first: the change may be made inside of the value.
    const before = state.updates.fingerprint(key, current);
    const value = change(current);
    if (state.updates.record(key, before, value, change)) state.habits.stamp?.(state.hidden);
    write(this, key, value);
    return value;
  }

  get id(): string {
    return stateOf(this).id;
  }

  get isNew(): boolean {
    return stateOf(this).isNew;
  }

  get permanent(): boolean {
    return this.get(PERMANENT, false) === true;
  }
  set permanent(permanent: unknown) {
    write(this, PERMANENT, Boolean(permanent));
  }

  get modified(): boolean {
    return stateOf(this).isModified;
  }
  set modified(modified: unknown) {
    const state = stateOf(this);
    state.accessed = true;
    state.modified = Boolean(modified);
  }

  get accessed(): boolean {
    return stateOf(this).accessed;
  }

  get createdAt(): number | undefined {
    return stateOf(this).createdAt;
  }

  get expiresAt(): number | undefined {
    return stateOf(this).loaded?.expiresAt;
  }

  regenerate(): void {
    const state = stateOf(this);
    state.assertWritable();
    if (state.isNew && Object.keys(this).every((key) => key === PERMANENT)) return;
    state.regenerate();
  }

  destroy(): void {
    const state = stateOf(this);
    state.assertWritable();
    for (const key of Object.keys(this)) remove(this, key);
    state.destroyed = true;
  }

  flash(message: unknown, category = "message"): void {
    const kept = this.get(FLASHES);
    const flashes: unknown[] = Array.isArray(kept) ? kept : [];
    flashes.push(stateOf(this).habits.pair(category, message));
    write(this, FLASHES, flashes);
  }

  takeFlashes(options: { withCategories?: boolean; categories?: readonly string[] } = {}): unknown[] {
    const state = stateOf(this);
    state.flashes ??= flashesOf(has(this, FLASHES) ? this.pop(FLASHES) : []);
    const { categories } = options;
    const wanted = categories ? state.flashes.filter(([category]) => categories.includes(category)) : state.flashes;
    return options.withCategories === true ? wanted : wanted.map(([, message]) => message);
  }
}

function flashesOf(kept: unknown): Flash[] {
  if (!Array.isArray(kept)) return [];
  return kept.filter((item) => Array.isArray(item)).map((item: unknown[]) => [String(item[0]), item[1]]);
}

/** The names that are no ordinary properties of a session: its controls, and the one that would change its prototype. */
const CONTROL_NAMES: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(SessionControls.prototype).filter((name) => name !== "constructor"),
  "__proto__",
]);

/** Whether a key of the data is a property of the session object; others are kept beside it. */
function isVisible(key: unknown): key is string {
  return typeof key === "string" && !CONTROL_NAMES.has(key);
}

function has(session: object, key: string): boolean {
  return isVisible(key) ? Object.hasOwn(session, key) : stateOf(session).hidden.has(key);
}

function read(session: object, key: string): unknown {
  return isVisible(key) ? (session as Record<string, unknown>)[key] : stateOf(session).hidden.get(key);
}

function write(session: object, key: string, value: unknown): void {
  const state = stateOf(session);
  state.assertWritable();
  if (isVisible(key)) {
    setOwn(session, key, value);
  } else {
    state.hidden.set(key, value);
    state.markModified();
  }
}

function remove(session: object, key: string): void {
  const state = stateOf(session);
  state.assertWritable();
  if (isVisible(key)) {
    Reflect.deleteProperty(session, key);
  } else if (state.hidden.delete(key)) {
    state.markModified();
  }
}

/** An assignment to a control's name would hide the control: it throws instead. */
function sealControls(prototype: object): void {
  for (const name of CONTROL_NAMES) {
    const descriptor: PropertyDescriptor = Object.getOwnPropertyDescriptor(prototype, name) ?? {};
    const control: unknown = descriptor.value;
    Object.defineProperty(prototype, name, {
      configurable: false,
      enumerable: false,
      get: "get" in descriptor ? descriptor.get : () => control,
      set: descriptor.set ?? (() => refuse(name)),
    });
  }
}

function refuse(name: string): never {
  throw new SessionError(
    "RESERVED",
    `session.${name} is a control of the session; use another key, or setDefault and get to reach one of that name`,
  );
}

sealControls(SessionControls.prototype);

/** A session object without data, over its state. */
export function createSession(state: SessionState): Session<Record<string, unknown>> {
  const plain = Object.create(SessionControls.prototype) as Session<Record<string, unknown>>;
  state.attach(plain);
  if (!state.tracked) return plain;
  const session = new Proxy<typeof plain>(plain, trackingOf(state));
  state.attach(session);
  return session;
}

/** Puts decoded data into a session in place of what it holds, without counting as a change. */
export function fill(session: object, data: Data): void {
  const state = stateOf(session);
  const { plain } = state;
  if (state.origin) {
    for (const key of Object.keys(plain)) Reflect.deleteProperty(plain, key);
    state.hidden.clear();
  }
  for (const [key, value] of data) {
    if (isVisible(key) && !state.habits.isOurs(key)) setOwn(plain, key, value);
    else state.hidden.set(key, value);
  }
  state.origin = data;
}

/** All data of a session in the order of its keys: those that were loaded first, as they stood. */
export function dataOf(session: object): Data {
  const state = stateOf(session);
  const plain = state.plain as Record<string, unknown>;
  const data: Data = new Map();
  if (state.origin) inheritShape(state.origin, data);
  for (const key of inOrder(Object.keys(plain), state)) {
    const value = state.hidden.has(key) ? state.hidden.get(key) : plain[key as string];
    if (value !== undefined) data.set(key, value);
  }
  return data;
}

/** An object tells number-like keys first, and hidden keys not at all: then the loaded order decides. */
function inOrder(visible: string[], { hidden, origin }: SessionState): Iterable<unknown> {
  if (hidden.size === 0 && !visible.some(isIndex)) return visible;
  const present = new Set<unknown>([...hidden.keys(), ...visible]);
  const known = [...(origin?.keys() ?? [])].filter((key) => present.delete(key));
  return [...known, ...present];
}

function trackingOf(state: SessionState): ProxyHandler<object> {
  const looked = (key?: PropertyKey) => {
    // A promise that resolves with the session asks for this by itself.
    if (key !== "then") state.accessed = true;
  };
  const changed = (changes = true) => {
    state.assertWritable();
    state.accessed = true;
    if (changes) state.markModified();
  };
  return {
    get: (target, key, receiver) => (looked(key), Reflect.get(target, key, receiver) as unknown),
    has: (target, key) => (looked(), Reflect.has(target, key)),
    ownKeys: (target) => (looked(), Reflect.ownKeys(target)),
    getOwnPropertyDescriptor: (target, key) => (looked(), Reflect.getOwnPropertyDescriptor(target, key)),
    defineProperty: (target, key, descriptor) => (changed(), Reflect.defineProperty(target, key, descriptor)),
    deleteProperty: (target, key) => (changed(Object.hasOwn(target, key)), Reflect.deleteProperty(target, key)),
  };
}
