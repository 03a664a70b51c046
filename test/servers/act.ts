/**
 * The pages of a server under test: `/ACTION/ARGUMENT/POINT/GATE` acts on its session, and is held at a point on the way:
 * `load`, when the session is loaded; `save`, before the store is written; `body`, between two pieces of the response.
 *
 * A cookie `gate` holds what the opening of its request adds to the store: the first record at `GATE-1`, the next at `GATE-2`.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { readCookies } from "../../src/cookies/read.ts";
import type { Session, SessionInterface, Store } from "../../src/index.ts";
import { sha256 } from "../../src/crypto/bytes.ts";
import type { Act, Answer, KitData } from "../../src/testing/internal/adapter-stage.ts";
import type { Gates } from "./gates.ts";

type Action = (session: Session<KitData>, argument: string) => unknown;

const ACTIONS: Readonly<Record<string, Action>> = {
  read: (session) => session["owner"],
  set: (session, key) => (session[key] = 1),
  count: (session) => session.update("count", (count) => Number(count ?? 0) + 1),
  pair: (session, value) => Object.assign(session, { left: value, right: value }),
  flash: (session, message) => session.flash(message),
  regenerate: (session) => session.regenerate(),
  login(session, user) {
    session.regenerate();
    Object.assign(session, { left: user, right: user });
  },
  destroy: (session) => session.destroy(),
};

/** How many pieces a response has that is held between them: more than a socket takes at once. */
const PIECE = "x".repeat(64 * 1024);

/** Pages, and the store that is held with them. */
export class Pages {
  /** Requests whose page is not made yet, and calls of the store. */
  busy = 0;
  readonly #gates: Gates;
  /** Gates of saves, by the keys that they write. */
  readonly #saves = new Map<string, string>();
  /** The gate of the request that is being opened, and how many it has passed. */
  readonly #opening = new AsyncLocalStorage<{ gate: string; passed: number }>();

  constructor(gates: Gates) {
    this.#gates = gates;
  }

  readonly act: Act = async (path, open) => {
    this.busy++;
    try {
      return await this.#answer(path, await open());
    } finally {
      this.busy--;
    }
  };

  /** A store whose writes wait where a request asked for that. */
  held(store: Store): Store {
    const write = async <Answered>(key: string, ask: () => Promise<Answered>, opening?: string) => {
      this.busy++;
      const gate = this.#saves.get(key) ?? opening;
      this.#saves.delete(key);
      if (gate !== undefined) await this.#gates.pass(gate);
      return ask().finally(() => this.busy--);
    };
    return {
      create: (key, entry) => write(key, () => store.create(key, entry), this.#nextOfOpening()),
      read: (key) => store.read(key),
      update: (key, change) => write(key, () => store.update(key, change)),
      delete: (key) => write(key, () => store.delete(key)),
    };
  }

  /** Sessions whose opening is held where its request asked for that. */
  opening<T extends object>(sessions: SessionInterface<T>): SessionInterface<T> {
    const open: typeof sessions.open = (request) => {
      const [gate] = readCookies(request.cookie, "gate");
      const opening = () => sessions.open(request);
      return gate === undefined ? opening() : this.#opening.run({ gate, passed: 0 }, opening);
    };
    return { ...sessions, open };
  }

  #nextOfOpening(): string | undefined {
    const opening = this.#opening.getStore();
    return opening && `${opening.gate}-${++opening.passed}`;
  }

  async #answer(path: string, session: Session<KitData>): Promise<Answer> {
    const [, action = "", argument = "", point, gate = ""] = path.split("/");
    if (point === "load") await this.#gates.pass(gate);
    ACTIONS[action]?.(session, argument);
    if (point === "save") this.#saves.set(sha256(session.id), gate);
    const body = JSON.stringify({ ...session, isNew: session.isNew });
    return point === "body" ? { body: this.#pieces(gate) } : { body };
  }

  async *#pieces(gate: string): AsyncGenerator<string> {
    yield PIECE;
    await this.#gates.pass(gate);
    yield PIECE;
  }
}
