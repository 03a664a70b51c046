/**
 * Keeps copies of a far store's entries in a near one, so that most reads need not go far.
 *
 * What a copy says may be late, by a stated bound; what a save says is not, because a save compares and swaps at the far
 * store, and so a late copy loses no update.
 */
import { type Clock, systemClock } from "../clock.ts";
import type { Change, Durable, Entry, Listable, Store, Sweepable, Updated, Watch, Watchable } from "../store.ts";
import { Flights } from "./internal/flights.ts";
import { checkClock, checkSeconds } from "./internal/options.ts";

/** How late a copy may be, and whose time it counts by. */
export interface CachedStoreOptions {
  /**
   * Seconds, default 1. What another process has changed is seen no later than this. A far store that tells of changes
   * makes it sooner, and lets copies live for longer while it is known to have told all.
   */
  maxAge?: number;
  /** Default: the machine's own. */
  clock?: Clock;
}

/** What a far store can do beside the four verbs, and a cached one too. */
type Abilities<Far> = (Far extends Listable ? Listable : unknown) &
  (Far extends Sweepable ? Sweepable : unknown) &
  (Far extends Durable ? Durable : unknown) &
  (Far extends Watchable ? Watchable : unknown);

/**
 * Reads from `near` what it has of `far`, and writes to `far` first.
 *
 * `near` is for this store alone, and its verbs take effect in the order in which they are called: `memoryStore` does.
 * Throws `CONFIG` when an option is wrong.
 */
export function cachedStore<Far extends Store>(
  near: Store,
  far: Far,
  { maxAge = 1, clock = systemClock }: CachedStoreOptions = {},
): Store & Abilities<Far> {
  checkSeconds("maxAge", maxAge, 0.001, 3600);
  checkClock(clock);
  const cached: Store = new CachedStore(near, far, maxAge * 1000, clock);
  return Object.assign(cached, abilitiesOf(far)) as Store & Abilities<Far>;
}

function abilitiesOf(
  far: Store & Partial<Listable & Sweepable & Durable & Watchable>,
): Partial<Listable & Sweepable & Durable & Watchable> {
  return {
    ...(far.list && { list: far.list.bind(far) }),
    ...(far.deleteExpired && { deleteExpired: far.deleteExpired.bind(far) }),
    ...(far.confirm && { confirm: far.confirm.bind(far) }),
    // Who watches hears behind this store, which has forgotten its copy then.
    ...(far.watch && { watch: far.watch.bind(far) }),
  };
}

/** What is kept near of an entry. */
interface Copy {
  readonly entry: Entry;
  /** When it was asked for, in epoch milliseconds: it is what stood there then, or later. */
  readonly askedAt: number;
  /** A copy of an era that has ended counts no longer. */
  readonly era: number;
}

class CachedStore implements Store {
  declare readonly capabilities?: NonNullable<Store["capabilities"]>;
  readonly #near: Store;
  readonly #far: Store;
  readonly #maxAge: number;
  readonly #clock: Clock;
  readonly #flights = new Flights();
  readonly #watch: Watch | undefined;
  #era = 0;
  /** Up to this instant every change has been told. */
  #toldUntil = -Infinity;
  #isAsking = false;

  constructor(near: Store, far: Store & Partial<Watchable>, maxAge: number, clock: Clock) {
    if (far.capabilities) this.capabilities = far.capabilities;
    this.#near = near;
    this.#far = far;
    this.#maxAge = maxAge;
    this.#clock = clock;
    this.#watch = far.watch?.((key) => (key === undefined ? this.#forgetAll() : this.#hear(key)));
  }

  async read(key: string): Promise<Entry | undefined> {
    const copy = await this.#copyOf(key);
    if (copy) return copy.entry;
    const [era, askedAt, flight] = [this.#era, this.#clock.now(), this.#flights.read(key)];
    try {
      const entry = await this.#far.read(key);
      if (entry && flight.mayKeep()) await this.#keep(key, { entry, era, askedAt });
      return entry;
    } finally {
      flight.end();
    }
  }

  async create(key: string, { value, expiresAt }: Entry): Promise<boolean> {
    const entry = { value: Buffer.from(value), expiresAt };
    return this.#write(
      key,
      () => this.#far.create(key, entry),
      (created) => (created ? entry : undefined),
    );
  }

  async update(key: string, change: Change): Promise<Updated> {
    if (!("before" in change)) return this.#touch(key, change);
    const { before, value, expiresAt } = change;
    const entry = { value: Buffer.from(value), expiresAt };
    return this.#write(
      key,
      () => this.#far.update(key, { ...entry, before }),
      (updated) => (updated.done ? entry : updated.current),
    );
  }

  async delete(key: string): Promise<boolean> {
    return this.#write(
      key,
      () => this.#far.delete(key),
      () => undefined,
    );
  }

  /** Moves a deadline: what is known of the value grows no younger by it. */
  async #touch(key: string, change: { expiresAt: number }): Promise<Updated> {
    const copy = await this.#copyOf(key);
    return this.#write(
      key,
      () => this.#far.update(key, change),
      ({ done }) => (done && copy ? { ...copy.entry, ...change } : undefined),
      copy,
    );
  }

  /** Has the far store write, and keeps what stands there then. Meanwhile there is no copy, and after a failure neither. */
  async #write<Answer>(
    key: string,
    act: () => Promise<Answer>,
    entryBehind: (answer: Answer) => Entry | undefined,
    known: { era: number; askedAt: number } = { era: this.#era, askedAt: this.#clock.now() },
  ): Promise<Answer> {
    const flight = this.#flights.write(key);
    try {
      await this.#near.delete(key);
      const answer = await act();
      const entry = entryBehind(answer);
      if (entry && flight.mayKeep()) await this.#keep(key, { ...known, entry });
      return answer;
    } finally {
      flight.end();
    }
  }

  /** The copy, if it can be late by no more than is allowed. */
  async #copyOf(key: string): Promise<Copy | undefined> {
    const kept = await this.#near.read(key);
    const copy = kept && unpack(kept);
    return copy && this.#isFresh(copy) ? copy : undefined;
  }

  #isFresh({ era, askedAt }: Copy): boolean {
    if (era !== this.#era) return false;
    const now = this.#clock.now();
    this.#ask(now);
    return isWithin(now - askedAt, this.#maxAge) || isWithin(now - this.#toldUntil, this.#maxAge);
  }

  /** Asks, beside the request, whether all changes have been told: twice in the time for which the answer counts. */
  #ask(now: number): void {
    if (!this.#watch || this.#isAsking || isWithin(now - this.#toldUntil, this.#maxAge / 2)) return;
    this.#isAsking = true;
    const era = this.#era;
    void this.#watch.isComplete().then((isComplete) => {
      this.#isAsking = false;
      if (isComplete && era === this.#era) this.#toldUntil = now;
    });
  }

  async #keep(key: string, copy: Copy): Promise<void> {
    const forgotten = this.#near.delete(key);
    // Not behind an `await`: nothing may come between.
    await Promise.all([forgotten, this.#near.create(key, pack(copy))]);
  }

  /** Somebody has changed the entry. */
  #hear(key: string): void {
    this.#flights.disturb(key);
    this.#near.delete(key).catch(() => this.#forgetAll());
  }

  #forgetAll(): void {
    this.#era++;
    this.#toldUntil = -Infinity;
  }
}

/** Whether so many milliseconds have gone by, and not fewer than none: a clock may be set back. */
function isWithin(passed: number, ms: number): boolean {
  return passed >= 0 && passed < ms;
}

/** Two numbers of eight bytes before the value. */
const HEAD = 16;

function pack({ entry: { value, expiresAt }, askedAt, era }: Copy): Entry {
  const head = Buffer.alloc(HEAD);
  head.writeDoubleLE(askedAt, 0);
  head.writeDoubleLE(era, 8);
  return { value: Buffer.concat([head, value]), expiresAt };
}

function unpack({ value, expiresAt }: Entry): Copy {
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const entry = { value: bytes.subarray(HEAD), expiresAt };
  return { entry, askedAt: bytes.readDoubleLE(0), era: bytes.readDoubleLE(8) };
}
