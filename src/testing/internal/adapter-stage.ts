/** What the tests of an adapter are given: a server of their own with the kit's pages, and browsers in front of it. */
import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { session as ambient } from "../../core/context.ts";
import type { SessionInterface } from "../../core/interface.ts";
import type { Session } from "../../core/session.ts";
import { cookieSessions, sessions } from "../../core/sessions.ts";
import type { Store, Verb } from "../../store.ts";
import { memoryStore } from "../../stores/memory.ts";
import { type Browser, browser } from "../browser.ts";
import { type ManualClock, manualClock } from "../clock.ts";
import type { Test } from "./stage.ts";

/** The data of the kit's sessions. */
export type KitData = Record<string, unknown>;

/** What a handler of the kit wants to be answered. */
export interface Answer {
  /** Default: 200. */
  status?: number;
  /** Each is a field of its own, also where names repeat. */
  headers?: readonly (readonly [name: string, value: string])[];
  /** Pieces are to be sent one by one. Default: none. */
  body?: string | Uint8Array | AsyncIterable<string>;
  /** The `Link` field of early hints that are to be sent before, by a host that has them. Default: none. */
  hints?: string;
}

/** Answers a path. What it rejects with is to be thrown by the framework's handler. */
export type Act = (path: string, session: () => Session<KitData> | Promise<Session<KitData>>) => Promise<Answer>;

/** A server that runs. */
export interface Served {
  /** As in `http://127.0.0.1:1234`. */
  url: string;
  close: () => unknown;
}

/** An adapter to be held against its promises. */
export interface AdapterKit {
  test: Test;
  /**
   * Starts a real server of the framework on a port of its own, which answers every method and path with what `act`
   * gives for it. `act` asks for the session where it needs it, and not before: `() => req.session`.
   */
  serve: (sessions: SessionInterface<KitData>, act: Act) => Served | Promise<Served>;
  /** Whether the session is loaded before the handler runs, or when it asks. Default: `'eager'`. */
  load?: "eager" | "lazy";
  /** Whether code below the handler finds the session of `flagon/context`. Default: true. */
  ambient?: boolean;
  /** Whether a session that changes while its response is being sent still reaches the store. Default: true. */
  savesLate?: boolean;
}

/** How often a store was asked. */
export type Counts = Record<Verb, number>;

/** A store that counts what it is asked. */
export interface CountingStore extends Store {
  /** The counts since the last call. */
  take(): Counts;
}

/** Counts what a store is asked. `before` runs first, and may wait or throw in the store's place. */
export function countingStore(store: Store, before: (verb: Verb) => unknown = () => undefined): CountingStore {
  const none: Counts = { create: 0, read: 0, update: 0, delete: 0 };
  let counts = { ...none };
  const count = async (verb: Verb) => {
    counts[verb]++;
    await before(verb);
  };
  return {
    create: async (key, entry) => (await count("create"), store.create(key, entry)),
    read: async (key) => (await count("read"), store.read(key)),
    update: async (key, change) => (await count("update"), store.update(key, change)),
    delete: async (key) => (await count("delete"), store.delete(key)),
    take() {
      const taken = counts;
      counts = { ...none };
      return taken;
    },
  };
}

/** Where a test's sessions keep their data. */
export type Kind = "store" | "cookie";

/** Answers a page. */
export type Handler = (session: Parameters<Act>[1]) => Answer | Promise<Answer>;

/** What is special about a test. */
export interface Setting {
  /** The server's pages by path, beside those that every test has. */
  pages?: Readonly<Record<string, Handler>>;
  /** Runs before the store is asked. */
  before?: (verb: Verb) => unknown;
}

/** What a test is given. */
export interface Stage {
  tab: Browser;
  /** Gives somebody else's browser. */
  another: () => Browser;
  url: string;
  clock: ManualClock;
  store: CountingStore;
}

/** `test` for tests that are given a stage. */
export function onStage(
  kit: AdapterKit,
  kind: Kind = "store",
): (name: string, setting: Setting, run: (stage: Stage) => Promise<void>) => void {
  return (name, setting, run) => {
    kit.test(`${name} (data in the ${kind})`, async () => {
      const clock = manualClock();
      const store = countingStore(memoryStore({ clock }), setting.before);
      const { url, close } = await kit.serve(sessionsIn(kind, store, clock), actOf({ ...PAGES, ...setting.pages }));
      const another = () => browser(url, { clock });
      try {
        await run({ tab: another(), another, url, clock, store });
      } finally {
        await close();
      }
    });
  };
}

const KEYS = { current: "adapter-suite_key-for-tests-only_0123456789" };
/** In seconds: longer than a test lets a store wait. */
const STORE_TIMEOUT = 60;

function sessionsIn(kind: Kind, store: Store, clock: ManualClock): SessionInterface<KitData> {
  return kind === "store"
    ? sessions({ store, clock, keys: KEYS, storeTimeout: STORE_TIMEOUT })
    : cookieSessions({ clock, keys: KEYS });
}

function actOf(pages: Readonly<Record<string, Handler>>): Act {
  return async (path, session) => (await pages[path]?.(session)) ?? { status: 404 };
}

/** Pages that every test has. */
export const PAGES = {
  "/plain": () => ({ body: "plain" }),
  "/who": async (session) => ({ body: String((await session()).get("user", "nobody")) }),
  "/visit": async (session) => {
    (await session())["user"] = "a guest";
    return { body: "welcome" };
  },
  "/login": async (session) => {
    const current = await session();
    current.regenerate();
    current["user"] = "ada";
    return { body: "hello" };
  },
  "/logout": async (session) => {
    (await session()).destroy();
    return { body: "bye" };
  },
  "/count": async (session) => {
    (await session()).update("n", increment);
    return { body: "counted" };
  },
  "/data": async (session) => ({ body: JSON.stringify(await session()) }),
  "/afar": async (session) => {
    await session();
    await nextTurn();
    return { body: await userFromAfar() };
  },
  "/throw": async (session) => {
    (await session())["user"] = "eve";
    throw new Error("on purpose");
  },
  "/unsaved": async (session) => {
    (await session())["user"] = () => "no data";
    return { headers: [["Cache-Control", "public, max-age=60"]], body: "saved" };
  },
  "/late": async (session) => {
    const current = await session();
    current["user"] = "a guest";
    return { body: changing(current) };
  },
} satisfies Readonly<Record<string, Handler>>;

async function userFromAfar(): Promise<string> {
  await nextTurn();
  return String(ambient["user"]);
}

async function* changing(session: Session<KitData>): AsyncGenerator<string> {
  yield "one";
  await nextTurn();
  session["user"] = "eve";
  yield "two";
}

/** A change for `update`. */
export function increment(n: unknown): number {
  return Number(n ?? 0) + 1;
}

/** A promise, and how to keep it. */
export function deferred(): { promise: Promise<void>; resolve: () => void } {
  let keep: (() => void) | undefined;
  const promise = new Promise<void>((resolve) => (keep = resolve));
  return { promise, resolve: () => keep?.() };
}

/** How `rawVisit` asks. */
interface RawOptions {
  /** Default: `GET`. */
  method?: string;
  cookie?: string | undefined;
}

/** A visit of which every byte can be seen as it comes. */
export interface RawVisit {
  /** What has come, one character a byte. */
  received: () => string;
  socket: Socket;
  /** When the connection is over. */
  end: Promise<unknown>;
}

/** Asks for a path over a connection that is closed after the answer. */
export async function rawVisit(
  url: string,
  path: string,
  { method = "GET", cookie }: RawOptions = {},
): Promise<RawVisit> {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, "connect");
  let received = "";
  socket.setEncoding("latin1").on("data", (text: string) => (received += text));
  const fields = cookie === undefined ? "" : `Cookie: ${cookie}\r\n`;
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields}Connection: close\r\n\r\n`);
  return { received: () => received, socket, end: once(socket, "close") };
}
