import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { memoryStore } from "../../src/stores/memory.ts";
import { manualClock } from "../../src/testing/clock.ts";
import {
  EVENTS,
  type Listable,
  type OpenRequest,
  type Saved,
  type Session,
  type SessionEvent,
  type SessionInterface,
  type SessionsOptions,
  type Store,
  type Verb,
  sessions as createSessions,
} from "../../src/index.ts";

export type Data = Record<string, unknown>;

export const KEY = "k0-aVeryLongAndRandomKey_for-tests-only_42";
export const OTHER_KEY = "k1-anotherLongAndRandomKey_for-tests_77";
export const START = Date.UTC(2026, 0, 1);
export const anonymous: OpenRequest = { cookie: undefined, secure: false };

/** A store that counts what it is asked, and can be told to fail. */
export class CountingStore implements Store {
  readonly asked = { create: 0, read: 0, update: 0, delete: 0 };
  /** Keys that were given, by verb. */
  readonly keys: string[] = [];
  /** Runs before a verb reaches the store; may throw or wait. */
  before: (verb: Verb, key: string) => void | Promise<void> = () => undefined;
  readonly #store: Store & Listable;

  constructor(store: Store & Listable) {
    this.#store = store;
  }
  /** How many live entries there are. */
  async count(): Promise<number> {
    let count = 0;
    for await (const _entry of this.#store.list()) count++;
    return count;
  }
  create: Store["create"] = async (key, entry) => (await this.#count("create", key), this.#store.create(key, entry));
  read: Store["read"] = async (key) => (await this.#count("read", key), this.#store.read(key));
  update: Store["update"] = async (key, change) => (await this.#count("update", key), this.#store.update(key, change));
  delete: Store["delete"] = async (key) => (await this.#count("delete", key), this.#store.delete(key));

  async #count(verb: Verb, key: string): Promise<void> {
    this.asked[verb]++;
    this.keys.push(key);
    await this.before(verb, key);
  }
  /** What was asked since the last call. */
  take(): typeof this.asked {
    const asked = { ...this.asked };
    Object.assign(this.asked, { create: 0, read: 0, update: 0, delete: 0 });
    return asked;
  }
}

/** One visitor's cookies, as far as the core's tests need them. */
export class Visitor {
  cookie: string | undefined;
  secure = false;
  readonly #sessions: SessionInterface<Data>;

  constructor(sessions: SessionInterface<Data>) {
    this.#sessions = sessions;
  }
  get request(): OpenRequest {
    return { cookie: this.cookie, secure: this.secure };
  }
  open(): Promise<Session<Data>> {
    return this.#sessions.open(this.request);
  }
  async save(session: Session<Data>): Promise<Saved> {
    const saved = await this.#sessions.save(session);
    const [line] = setCookies(saved);
    if (line !== undefined) this.cookie = line.includes("Max-Age=0") ? undefined : line.split(";")[0];
    return saved;
  }
  /** One whole request. */
  async visit(act: (session: Session<Data>) => void): Promise<Saved> {
    const session = await this.open();
    act(session);
    return this.save(session);
  }
}

export function setCookies({ headers }: Saved): string[] {
  return headers.filter(([name]) => name === "Set-Cookie").map(([, value]) => value);
}

/** Sessions on a counted memory store and a clock that stands still, and a first visitor. */
export function memorySessions(options: Partial<SessionsOptions> = {}) {
  const clock = manualClock(START);
  const store = new CountingStore(memoryStore({ clock }));
  const open = () => createSessions<Data>({ store, clock, keys: { current: KEY }, ...options });
  const sessions = open();
  const visitor = () => new Visitor(sessions);
  /** A visitor whom another process serves. */
  const elsewhere = () => new Visitor(open());
  return { clock, store, sessions, browser: visitor(), visitor, elsewhere };
}

/** The events that something causes. */
export async function eventsOf(act: () => Promise<unknown>): Promise<SessionEvent[]> {
  const events: SessionEvent[] = [];
  const listen = (event: unknown) => events.push(event as SessionEvent);
  subscribe(EVENTS, listen);
  try {
    await act();
  } finally {
    unsubscribe(EVENTS, listen);
  }
  return events;
}
