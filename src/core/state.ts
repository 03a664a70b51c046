import type { Data } from "../codecs/codec.ts";
import { SessionError } from "../errors.ts";
import { warnOnce } from "../events.ts";
import type { OpenRequest } from "./interface.ts";
import { LEASE_KEY, type Lease } from "./lease.ts";
import { successorOf } from "./renewal.ts";
import type { Flash } from "./session.ts";
import { Updates } from "./updates.ts";

/** How a kind of session treats its data: what differs between Flask's sessions and ours, and nothing else. */
export interface DataHabits {
  /** Whether every look and assignment is noticed, as Flask does; else data is compared at the save. */
  tracked: boolean;
  /** Whether `clear()` keeps `_permanent`, as Flask-Session does. */
  keepsPermanent: boolean;
  /** A flash message as it is stored. */
  pair(category: string, message: unknown): unknown[];
  /** Whether a key is bookkeeping of ours, which no application sees. */
  isOurs(key: unknown): boolean;
  /** Notes in the data that `update` was called, so that no other request can write the same bytes; absent in Flask's. */
  stamp?(bookkeeping: Data): void;
}

/** The record or cookie that a session came from, or was last saved as. */
export interface Loaded {
  bytes: Uint8Array;
  /** Epoch milliseconds. */
  expiresAt: number;
}

/** What all sessions of one kind have in common. */
export interface StateRules {
  habits: DataHabits;
  /** Bytes that stand for a value, to compare it with another. */
  fingerprint: (key: unknown, value: unknown) => string;
  /** Makes ids; an empty text where sessions have none. */
  createId: () => string;
  /** Whether a session's data differs from what was loaded. */
  isChanged: (session: object) => boolean;
  /** Why nothing can be written; absent for a session that can be. */
  readOnly?: string;
  /** Why `update` cannot be exact; absent where it is. */
  notUpdatable?: string;
  /** Whether the store can compare and swap, as far as it is known by now; absent where that is sure. */
  swaps?: () => boolean;
}

const NO_SWAP =
  "update(key, fn) is not exact here: the store cannot compare and swap, so parallel requests may lose changes; " +
  "docs/stores tells which stores can";

/** A constructor that gives back the object it is given, so that a class can put its private field there. */
// oxlint-disable-next-line typescript/no-extraneous-class -- a constructor is all that it is for
class GivenObject {
  constructor(object: object) {
    // oxlint-disable-next-line no-constructor-return -- see above
    return object;
  }
}

/** Keeps a state in a session object, or in a proxy of one, where nobody sees it: a `WeakMap` costs the collector more. */
class Stateful extends GivenObject {
  readonly #state: SessionState;

  constructor(session: object, state: SessionState) {
    super(session);
    this.#state = state;
  }

  static keep(session: object, state: SessionState): Stateful {
    return new Stateful(session, state);
  }

  static stateOf(session: object): SessionState | undefined {
    return #state in session ? session.#state : undefined;
  }
}

/** The state behind a session object. Throws a `TypeError` for any other object. */
export function stateOf(session: object): SessionState {
  const state = Stateful.stateOf(session);
  if (!state) throw new TypeError("not a session");
  return state;
}

/** All that belongs to a session but is not its data: what came in, what was asked for, what is to be saved. */
export class SessionState {
  readonly request: OpenRequest;
  readonly updates: Updates;
  /** Data under keys that the session object does not show. */
  readonly hidden: Data = new Map();
  /** Whoever opens a session has it in hand, unless `holdBack` says that nobody has seen it yet. */
  accessed: boolean;
  destroyed = false;
  /** Whether its record ended: what is saved after that is another session. */
  ended = false;
  /** Whether the handler of the request threw. */
  failed = false;
  /** As set by the application or by tracking; `undefined`: compare. */
  modified: boolean | undefined;
  createdAt: number | undefined;
  flashes: Flash[] | undefined;
  /** What was loaded or last saved; absent for a new session. */
  loaded: Loaded | undefined;
  /** The id under which it was loaded, when another is to take its place. */
  formerId: string | undefined;
  /** Whether the request brought a cookie of our name, good or not. */
  presented = false;
  /** Whether it brought several live sessions, so that all are nobody's. */
  ambiguous = false;
  /** Why the session could not be read, where the request goes on without it. */
  outage: SessionError | undefined;
  /** Whether the cookie was made with a previous key, or names an id that is to be followed no more. */
  staleCookie = false;
  /** Whether the browser has not shown the id yet: the session was found by the one before. */
  followed = false;
  /** That no other request has the session, as long as this one does. */
  lease: Lease | undefined;
  /** Whether the headers have left, so that the browser can be told nothing. */
  late = false;
  /** The data as it was loaded, for its order and shape. */
  origin: Data | undefined;
  #id: string | undefined;
  #plain: object | undefined;
  readonly #rules: StateRules;

  constructor(rules: StateRules, request: OpenRequest) {
    this.#rules = rules;
    this.request = request;
    this.accessed = !rules.habits.tracked;
    this.updates = new Updates(rules.fingerprint);
  }

  get habits(): DataHabits {
    return this.#rules.habits;
  }

  get tracked(): boolean {
    return this.#rules.habits.tracked;
  }

  /** Makes this the state of a session object, or of what tracks one. */
  attach(session: object): void {
    Stateful.keep(session, this);
    this.#plain ??= session;
  }

  /** The session object itself, without its tracking. */
  get plain(): object {
    return this.#plain ?? {};
  }

  get isNew(): boolean {
    return this.loaded === undefined;
  }

  /** Made when first asked for: an anonymous request needs none. */
  get id(): string {
    this.#id ??= this.#rules.createId();
    return this.#id;
  }
  set id(id: string) {
    this.#id = id;
  }

  /** Takes a new id, at once in name and at the save in the store. */
  regenerate(): void {
    this.formerId ??= this.loaded && this.#id;
    this.#id = this.#rules.createId();
    this.markModified();
  }

  /** Goes on under the id that took the place of its own, which the browser has to be told. */
  follow(salt: string): void {
    this.#id = successorOf(this.id, salt);
    this.staleCookie = true;
    this.followed = true;
  }

  /** Notes what was saved: from here on, changes are found against it. */
  keep(loaded: Loaded): void {
    this.loaded = loaded;
    this.modified = undefined;
    this.staleCookie = false;
    if (!this.hidden.has(LEASE_KEY)) this.lease = undefined;
    this.ended = false;
    this.updates.clear();
  }

  /** Gives the session back at the save that follows. */
  release(): void {
    if (this.lease) this.hidden.delete(LEASE_KEY);
  }

  /** Notes that there is no record any more. */
  forget(): void {
    this.ended = true;
    this.loaded = undefined;
    this.formerId = undefined;
    this.modified = undefined;
  }

  get isModified(): boolean {
    return this.modified ?? (!this.tracked && this.#rules.isChanged(this.plain));
  }

  /** Notices a change where changes are not found by comparing. */
  markModified(): void {
    if (this.tracked) this.modified = true;
  }

  assertWritable(): void {
    if (this.outage) throw this.outage;
    if (this.#rules.readOnly !== undefined) throw new SessionError("READ_ONLY", this.#rules.readOnly);
  }

  /** Nothing may be saved that only a cookie leads to, nor a login that the browser cannot be told of. */
  assertReachable(): void {
    if (!this.late) return;
    throw new SessionError("LATE", "the headers have left, so the browser can be given no cookie; nothing was saved");
  }

  assertUpdatable(): void {
    this.assertWritable();
    if (this.#rules.notUpdatable !== undefined) throw new SessionError("READ_ONLY", this.#rules.notUpdatable);
    if (this.#rules.swaps?.() === false) warnOnce("NO_SWAP", NO_SWAP);
  }
}

/** Counts a session as not looked at until `handOut`: for adapters that open one before anyone asks for it. */
export function holdBack(session: object): void {
  const state = Stateful.stateOf(session);
  if (state) state.accessed = false;
}

/** Hands a session to the application. */
export function handOut<Handed extends object>(session: Handed): Handed {
  const state = Stateful.stateOf(session);
  if (state && !state.tracked) state.accessed = true;
  return session;
}

/** Says that the headers of the response have left: for adapters whose responses go on after that. */
export function markLate(session: object): void {
  const state = Stateful.stateOf(session);
  if (state) state.late = true;
}

/** Says that the handler of the session's request threw: for adapters that can tell. */
export function markFailed(session: object): void {
  const state = Stateful.stateOf(session);
  if (state) state.failed = true;
}

/** Whether something was changed or asked for since the session was last saved. */
export function isPending(session: object): boolean {
  const state = Stateful.stateOf(session);
  return !state || state.destroyed || state.formerId !== undefined || state.isModified;
}
