/**
 * A store over an engine that gets, sets and removes, and cannot compare before it writes.
 *
 * An entry is kept as a text, the record of `record.ts` in base64, under the SHA-256 of its key: so any key will do for
 * any engine, the deadline is exact whatever the engine knows of time, and what is not ours or is torn is told from what
 * is whole. The verbs of this process take turns for each key; other processes know nothing of them.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Clock, systemClock } from "../../clock.ts";
import type { Change, Entry, Listable, Store, Sweepable, Updated } from "../../store.ts";
import { decideCreate, decideDelete, decideUpdate, type Decision } from "./decide.ts";
import { checkClock } from "./options.ts";
import { type Queue, queueOf } from "../../queue.ts";
import { encodeRecord, nameOf, type Stored, storedIn } from "./record.ts";
import { NEVER } from "./never.ts";

/** An engine as a bridge sees it. Where it fails, it rejects. */
export interface Shelf {
  /** What stands under a name: `undefined` or `null` where nothing does. */
  get(name: string): Promise<unknown>;
  /** Puts a text there, which may be forgotten after so many whole milliseconds, but no earlier. */
  set(name: string, text: string, life: number): Promise<unknown>;
  /** Removes what stands there, if anything does. */
  remove(name: string): Promise<unknown>;
  /**
   * The names of all there is, if the engine can tell them, whatever stands before each. Those of others may be among
   * them, and one may be told twice.
   */
  names?(): AsyncIterable<string> | Iterable<string>;
}

/** Whose time a bridge counts by. */
export interface BridgeOptions {
  /** Tells when an entry has expired, and the life that a deadline leaves. Default: the machine's own. */
  clock?: Clock;
}

/** How long an engine may take for one answer, in milliseconds. Whoever waits for the same key gets on then. */
const PATIENCE = 10_000;

/** How many names are looked at before other work gets its turn. */
const SLICE = 100;

const NAME = /[0-9a-f]{64}$/;

/** What sweeps take turns under: the name of no entry. */
const SWEEP = "sweep";

/**
 * Makes a store of an engine, with abilities if that can tell its names. Stores over the same `engine`, which is the
 * object that the user gave, share turns.
 */
export function bridgeOver(
  engine: object,
  shelf: Shelf & Required<Pick<Shelf, "names">>,
  options: BridgeOptions & { patience?: number },
): Store & Listable & Sweepable;
export function bridgeOver(
  engine: object,
  shelf: Shelf,
  options: BridgeOptions & { patience?: number },
): Store & Partial<Listable & Sweepable>;
export function bridgeOver(
  engine: object,
  shelf: Shelf,
  { clock = systemClock, patience = PATIENCE }: BridgeOptions & { patience?: number },
): Store & Partial<Listable & Sweepable> {
  checkClock(clock);
  const bridge = new Bridge(queueOf(engine), shelf, clock, patience);
  const store: Store = {
    capabilities: { swap: false },
    create: (key, entry) => bridge.create(key, entry),
    read: (key) => bridge.read(key),
    update: (key, change) => bridge.update(key, change),
    delete: (key) => bridge.delete(key),
  };
  if (!shelf.names) return store;
  const names = () => paced(shelf.names?.() ?? []);
  return { ...store, list: () => bridge.list(names()), deleteExpired: () => bridge.deleteExpired(names) };
}

class Bridge {
  readonly #queue: Queue;
  readonly #shelf: Shelf;
  readonly #clock: Clock;
  readonly #patience: number;

  constructor(queue: Queue, shelf: Shelf, clock: Clock, patience: number) {
    this.#queue = queue;
    this.#shelf = shelf;
    this.#clock = clock;
    this.#patience = patience;
  }

  async create(key: string, entry: Entry): Promise<boolean> {
    const copy = structuredClone(entry);
    return this.#settle(key, (current) => decideCreate(current, copy));
  }

  async read(key: string): Promise<Entry | undefined> {
    return (await this.#live(nameOf(key)))?.entry;
  }

  async update(key: string, change: Change): Promise<Updated> {
    const copy = structuredClone(change);
    return this.#settle(key, (current) => decideUpdate(current, copy));
  }

  async delete(key: string): Promise<boolean> {
    return this.#settle(key, decideDelete);
  }

  async *list(names: AsyncIterable<string>): AsyncGenerator<[key: string, entry: Entry]> {
    const told = new Set<string>();
    for await (const name of names) {
      if (told.has(name)) continue;
      told.add(name);
      const stored = await this.#live(name);
      if (stored) yield [stored.key, stored.entry];
    }
  }

  /** One sweep at a time, so that none counts what another has removed. */
  deleteExpired(names: () => AsyncIterable<string>): Promise<number> {
    return this.#queue.take(SWEEP, async () => {
      let gone = 0;
      for await (const name of names()) {
        if (await this.#queue.take(name, () => this.#discard(name))) gone++;
      }
      return gone;
    });
  }

  #settle<T>(key: string, decide: (current: Entry | undefined) => Decision<T>): Promise<T> {
    const name = nameOf(key);
    return this.#queue.take(name, async () => {
      const { result, next } = decide(this.#ifLive(name, await this.#get(name))?.entry);
      if (next) await this.#put(name, { key, entry: next });
      return result;
    });
  }

  /** Waits for its turn as well: an engine such as a file may be found half written. */
  #live(name: string): Promise<Stored | undefined> {
    return this.#queue.take(name, async () => this.#ifLive(name, await this.#get(name)));
  }

  #ifLive(name: string, found: unknown): Stored | undefined {
    const stored = storedIn(name, bytesOf(found));
    return stored && this.#lifeOf(stored.entry) > 0 ? stored : undefined;
  }

  /** Whole milliseconds; none, or less, when the deadline has passed. */
  #lifeOf({ expiresAt }: Entry): number {
    return Math.ceil(Math.min(expiresAt, NEVER) - this.#clock.now());
  }

  #get(name: string): Promise<unknown> {
    return this.#answer(this.#shelf.get(name)).catch(unquoted);
  }

  async #put(name: string, stored: Stored): Promise<void> {
    const life = this.#lifeOf(stored.entry);
    await this.#answer(life > 0 ? this.#shelf.set(name, textOf(name, stored), life) : this.#shelf.remove(name));
  }

  /** Removes what has expired. Whether it is gone: some engines drop it themselves when they are asked for it. */
  async #discard(name: string): Promise<boolean> {
    const found = await this.#get(name);
    if (isNothing(found)) return true;
    const stored = storedIn(name, bytesOf(found));
    if (!stored || this.#lifeOf(stored.entry) > 0) return false;
    await this.#answer(this.#shelf.remove(name));
    return true;
  }

  /** Rejects where there is no answer. Nothing more comes of the verb that asked, and the next one has its turn. */
  async #answer<T>(asked: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`the engine gave no answer in ${this.#patience} ms`)), this.#patience);
    });
    try {
      return await Promise.race([asked, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The names that may be of ours, with pauses for other work. */
async function* paced(names: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
  let seen = 0;
  for await (const each of names) {
    if (++seen % SLICE === 0) await nextTurn();
    const [name] = NAME.exec(each) ?? [];
    if (name !== undefined) yield name;
  }
}

function textOf(name: string, stored: Stored): string {
  const { buffer, byteOffset, byteLength } = encodeRecord(name, stored);
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

/** The bytes of a record, or of none where others left what is no text. */
function bytesOf(found: unknown): Uint8Array | undefined {
  if (isNothing(found)) return undefined;
  return typeof found === "string" ? Buffer.from(found, "base64") : new Uint8Array();
}

function isNothing(found: unknown): found is undefined | null {
  return found === undefined || found === null;
}

/**
 * Says less of what an engine's client could not read, because its message would quote it. It is no absence: it may be
 * the page of a proxy that stands before an engine in trouble.
 */
function unquoted(error: unknown): never {
  throw error instanceof SyntaxError ? new Error("the engine gave what cannot be read") : error;
}
