/**
 * Moves sessions from an old store to a new one while servers run: read from both, written to the new one.
 *
 * A session moves with its first write, or when `move` is called. The mover claims its key in the new store, reads the
 * old one again, turns its claim into a parcel with the session, deletes the old one's copy and unpacks. So a session is
 * in the one or in the other, at every instant and after every crash:
 *
 * - until the claim is a parcel, the old store has it. A logout deletes there first and then what stands in the new one:
 *   it comes before the mover's reading, who finds nothing, or takes the claim away, or the parcel.
 * - once it is a parcel, the new store has it. Whoever finds a parcel that was left behind deletes the old copy first.
 *
 * What it asks of the old store is to read and to delete. Two that delete the very session that a third one is moving
 * may both be told that it was them.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, systemClock } from "../clock.ts";
import { report } from "../events.ts";
import type { Change, Durable, Entry, Listable, Store, Sweepable, Updated } from "../store.ts";
import { type Decision, decideUpdate } from "./internal/decide.ts";
import { newClaim, parcelOf, standingOf, unpacked } from "./internal/moving.ts";
import { checkClock } from "./internal/options.ts";

/** How a session of the old store is read. */
export interface MigratingStoreOptions {
  /**
   * Makes our record of the old store's. Throws for what it cannot read: such a session stays where it is, and counts as
   * none. The same record has to give the same bytes each time. Default: the record stays as it is.
   */
  convert?: (entry: Entry) => Entry;
  /** Default: the machine's own. */
  clock?: Clock;
}

/** What became of a session that was to be moved. */
export type Moved = "moved" | "there already" | "gone";

/** A store that can be told to move a session, without anybody writing to it. */
export interface Movable {
  /** Moves a session now. `'there already'`: the new store has one under this key, and it was left alone. */
  move(key: string): Promise<Moved>;
}

/** What is asked of the old store. */
export type OldStore = Pick<Store, "read" | "delete"> & Partial<Listable & Sweepable>;

type Abilities<From, To> = (From extends Listable ? (To extends Listable ? Listable : unknown) : unknown) &
  (To extends Sweepable ? Sweepable : From extends Sweepable ? Sweepable : unknown) &
  (To extends Durable ? Durable : unknown);

/**
 * Reads sessions from `to` and then from `from`, writes them to `to`, and ends them in both. Each has its key in both
 * stores. Every server has to use it before the first session moves: one that knows `from` alone would miss what moved.
 *
 * Throws `CONFIG` when an option is wrong.
 */
export function migratingStore<From extends OldStore, To extends Store>(
  from: From,
  to: To,
  { convert = (entry) => entry, clock = systemClock }: MigratingStoreOptions = {},
): Store & Movable & Abilities<From, To> {
  checkClock(clock);
  const store: Store = new MigratingStore(from, to, convert, clock);
  return Object.assign(store, abilitiesOf(from, to, convert)) as Store & Movable & Abilities<From, To>;
}

function abilitiesOf(
  from: OldStore,
  to: Store & Partial<Listable & Sweepable & Durable>,
  convert: (entry: Entry) => Entry,
): Partial<Listable & Sweepable & Durable> {
  const { list } = to;
  const sweepers = [from, to].filter((store) => store.deleteExpired);
  return {
    ...(from.list && list && { list: () => listBoth(from as Listable, to as Store & Listable, convert) }),
    ...(sweepers.length > 0 && { deleteExpired: () => sweepAll(sweepers) }),
    ...(to.confirm && { confirm: to.confirm.bind(to) }),
  };
}

/** Milliseconds that a claim holds, between two looks at another's, and the looks after which that is taken away. */
const CLAIM_LIFETIME = 5000;
const PAUSE = 5;
const PATIENCE = 20;

class MigratingStore implements Store, Movable {
  declare readonly capabilities?: NonNullable<Store["capabilities"]>;
  readonly #from: OldStore;
  readonly #to: Store;
  readonly #convert: (entry: Entry) => Entry;
  readonly #clock: Clock;

  constructor(from: OldStore, to: Store, convert: (entry: Entry) => Entry, clock: Clock) {
    if (to.capabilities) this.capabilities = to.capabilities;
    this.#from = from;
    this.#to = to;
    this.#convert = convert;
    this.#clock = clock;
  }

  async create(key: string, entry: Entry): Promise<boolean> {
    const copy = structuredClone(entry);
    if (await this.#left(key)) return false;
    while (!(await this.#to.create(key, copy))) {
      const there = await this.#to.read(key);
      // The old store has nothing: that claim can become nothing any more.
      if (standingOf(there) === "claim") await this.#remove(key, there);
      else if (there) return false;
    }
    return true;
  }

  async read(key: string): Promise<Entry | undefined> {
    // Looked for in both, it may have moved behind the first look.
    return (await this.#there(key)) ?? (await this.#left(key)) ?? (await this.#there(key));
  }

  async update(key: string, change: Change): Promise<Updated> {
    const copy = structuredClone(change);
    return this.#settle(
      key,
      () => this.#updateThere(key, copy),
      (left) => decideUpdate(left, copy),
    );
  }

  async delete(key: string): Promise<boolean> {
    const wasLeft = await this.#from.delete(key);
    const wasThere = await this.#deleteThere(key);
    return wasLeft || wasThere;
  }

  move(key: string): Promise<Moved> {
    return this.#settle(
      key,
      async () => ((await this.#arrived(key)) ? "there already" : undefined),
      (left): Decision<Moved> => (left ? { result: "moved", next: left } : { result: "gone" }),
    );
  }

  /** Asks the new store; where that has not got the session, takes it over by `decide` from the old one. */
  async #settle<T>(
    key: string,
    ask: () => Promise<T | undefined>,
    decide: (left: Entry | undefined) => Decision<T>,
  ): Promise<T> {
    for (let looks = 1; ; looks++) {
      const answer = (await ask()) ?? (await this.#takeOver(key, decide));
      if (answer !== undefined) return answer;
      await sleep(PAUSE);
      if (looks % PATIENCE === 0) await this.#removeClaim(key);
    }
  }

  /** `undefined` where the new store has no session, though it may be on its way. */
  async #updateThere(key: string, change: Change): Promise<Updated | undefined> {
    if (!("before" in change)) return (await this.#arrived(key)) ? this.#to.update(key, change) : undefined;
    const updated = await this.#to.update(key, change);
    if (updated.done || standingOf(updated.current) === "session") return updated;
    // Unpacked, it can be compared.
    return (await this.#arrived(key)) ? this.#to.update(key, change) : undefined;
  }

  /** `undefined` where somebody else was at it: then it is to be looked for again. */
  async #takeOver<T>(key: string, decide: (left: Entry | undefined) => Decision<T>): Promise<T | undefined> {
    const left = await this.#left(key);
    if (!left && (await this.#there(key))) return undefined;
    const first = decide(left);
    if (!first.next) return first.result;
    const claim = newClaim(this.#clock.now() + CLAIM_LIFETIME);
    if (!(await this.#to.create(key, claim))) return undefined;
    return this.#carry(key, claim, decide).catch((error: unknown) => this.#takeBack(key, claim, error));
  }

  /** Removes a claim that became nothing; if it has become a parcel after all, that stays. */
  async #takeBack(key: string, claim: Entry, error: unknown): Promise<never> {
    await this.#remove(key, claim).catch(() => undefined);
    throw error;
  }

  /** What was read before the claim may have ended or moved since: it is read again. */
  async #carry<T>(key: string, claim: Entry, decide: (left: Entry | undefined) => Decision<T>): Promise<T | undefined> {
    const { result, next } = decide(await this.#left(key));
    if (!next) {
      await this.#remove(key, claim);
      return undefined;
    }
    const parcel = parcelOf(next);
    // What ends by this change ends in the old store first, and not behind a parcel that does not stay.
    if (next.expiresAt <= this.#clock.now()) await this.#from.delete(key);
    const { done } = await this.#to.update(key, { ...parcel, before: claim.value });
    if (!done) return undefined;
    await this.#unpack(key, parcel);
    return result;
  }

  /** Deletes the old copy of what is a parcel here, and then unpacks. */
  async #unpack(key: string, parcel: Entry): Promise<void> {
    await this.#from.delete(key);
    await this.#to.update(key, { ...unpacked(parcel), before: parcel.value });
  }

  /** The session in the new store, claims apart. */
  async #there(key: string): Promise<Entry | undefined> {
    const there = await this.#to.read(key);
    return there && standingOf(there) !== "claim" ? unpacked(there) : undefined;
  }

  /** Whether the new store has the session, unpacked. */
  async #arrived(key: string): Promise<boolean> {
    const there = await this.#to.read(key);
    if (there && standingOf(there) === "parcel") await this.#unpack(key, there);
    return there !== undefined && standingOf(there) !== "claim";
  }

  /** The session in the old store. */
  async #left(key: string): Promise<Entry | undefined> {
    const left = await this.#from.read(key);
    return left && converted(this.#convert, key, left);
  }

  async #deleteThere(key: string): Promise<boolean> {
    for (;;) {
      const there = await this.#to.read(key);
      const standing = standingOf(there);
      if (standing === "nothing") return false;
      if (standing === "session") return this.#to.delete(key);
      if ((await this.#remove(key, there)) && standing === "parcel") return true;
    }
  }

  async #removeClaim(key: string): Promise<void> {
    const there = await this.#to.read(key);
    if (standingOf(there) === "claim") await this.#remove(key, there);
  }

  /** Removes what stands in the new store, if it still is this. */
  async #remove(key: string, entry: Entry | undefined): Promise<boolean> {
    if (!entry) return false;
    const { value } = entry;
    return (await this.#to.update(key, { before: value, value, expiresAt: 0 })).done;
  }
}

/** Our record of the old store's; `undefined`, and told of, where it cannot be read. */
function converted(convert: (entry: Entry) => Entry, key: string, entry: Entry): Entry | undefined {
  try {
    return convert(entry);
  } catch (error) {
    report({ type: "unreadable", reason: error instanceof Error ? error.name : "unknown" }, key);
    return undefined;
  }
}

/** The old store's first, since what moves meanwhile goes from there to the other. */
async function* listBoth(
  from: Listable,
  to: Store & Listable,
  convert: (entry: Entry) => Entry,
): AsyncGenerator<[key: string, entry: Entry]> {
  const told = new Set<string>();
  for await (const [key, left] of from.list()) {
    const entry = converted(convert, key, left);
    if (!entry || !["nothing", "claim"].includes(standingOf(await to.read(key)))) continue;
    told.add(key);
    yield [key, entry];
  }
  for await (const [key, there] of to.list()) {
    if (standingOf(there) !== "claim" && !told.has(key)) yield [key, unpacked(there)];
  }
}

async function sweepAll(stores: readonly Partial<Sweepable>[]): Promise<number> {
  let gone = 0;
  for (const store of stores) gone += (await store.deleteExpired?.()) ?? 0;
  return gone;
}
