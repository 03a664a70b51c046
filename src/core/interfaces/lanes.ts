import { sameBytes } from "../../crypto/bytes.ts";
import { SessionError, SessionInDoubtError } from "../../errors.ts";
import { report } from "../../events.ts";
import type { Entry, Updated } from "../../store.ts";
import { requestsMayMeet } from "../../runtime.ts";
import { NoAnswer } from "../breaker.ts";
import { type SwapRules, type Wish, isTouch, rebase } from "./rebase.ts";

/** What stands in the store after a wish was granted. */
export interface Swapped {
  bytes: Uint8Array;
  /** Whether that has changes of other requests as well. */
  merged: boolean;
  conflicts: string[];
  tries: number;
}

/** A record, as a lane reaches it. */
export interface Spot {
  /** Puts `bytes` in the place of `before`. */
  write(bytes: Uint8Array, before: Uint8Array, expiresAt: number): Promise<Updated>;
  /** Moves the deadline, whatever stands there; absent where that has to be compared. */
  touch?(expiresAt: number): Promise<Updated>;
  /** What stands there; absent where a write in doubt cannot be told from its being there. */
  read?(): Promise<Entry | undefined>;
  /** What is left there by a write that is done, where that is something else than what was given to it. */
  readonly leaves?: Uint8Array;
}

const MAX_TRIES = 16;
/** A write is followed by a pause of once or twice so many times its own length while others fight for the record. */
const COURTESY = 8;
/** So many writes after one that was fought for, others are taken to be there still. */
const MEMORY = 4;
/** In milliseconds. */
const LONGEST_PAUSE = 250;
const NOTHING = new Uint8Array();

const FAILED = Symbol("failed");

/** A record that leads to another one now, which is to be written in its place. */
export class Moved extends Error {
  readonly salt: string;

  constructor(salt: string) {
    super("the session has another id now");
    this.salt = salt;
  }
}

/** A write whose reply was lost. */
interface Lost {
  bytes: Uint8Array;
  before: Uint8Array;
  error: unknown;
}

interface Waiting extends Wish {
  conflicts: string[];
  tries: number;
  /** What a write whose reply was lost would have left. */
  doubted?: Uint8Array;
  settle: (swapped: Swapped | undefined) => void;
  fail: (error: unknown) => void;
}

/**
 * The saves of one record in this process: one write at a time, and those who come meanwhile share the next one. Where
 * another process was first, all are merged onto what it left and tried again, each at most 16 times.
 */
export class Lane {
  #waiting: Waiting[] = [];
  #running = false;
  /** How many milliseconds the last write took, if another process is there as well; else 0. */
  #courtesy = 0;
  /** How many writes from now others are taken to be there. */
  #contested = 0;
  readonly #rules: SwapRules;
  readonly #spot: Spot;
  readonly #onIdle: () => void;

  constructor(rules: SwapRules, spot: Spot, onIdle: () => void = () => undefined) {
    this.#rules = rules;
    this.#spot = spot;
    this.#onIdle = onIdle;
  }

  /** `undefined`: nothing stands there any more. Rejects with `CONFLICT` after 16 tries. */
  save({ state, loaded, standing, draft, deadline }: Wish): Promise<Swapped | undefined> {
    return new Promise((settle, fail) => {
      // One by one, since spreading a wish took a sixth of the time of a save.
      this.#waiting.push({ state, loaded, standing, draft, deadline, conflicts: [], tries: 0, settle, fail });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    let known: Uint8Array | undefined;
    while (this.#waiting.length > 0) {
      known = await this.#next(known);
      if (await this.#letOthersGo()) known = undefined;
    }
    this.#running = false;
    this.#onIdle();
  }

  /**
   * Pauses after a write that other processes had lost: they try again at once, and would lose again to who hurries. Whether
   * there was a pause, after which others have written.
   */
  async #letOthersGo(): Promise<boolean> {
    const pause = Math.min((1 + Math.random()) * COURTESY * this.#courtesy, LONGEST_PAUSE);
    this.#courtesy = 0;
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    return pause > 0;
  }

  /** Writes for all who wait, over what stands there as far as is known, and gives what is known then. */
  async #next(known: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    // Who came last has read last.
    const last = this.#waiting.at(-1);
    const before = known ?? last?.standing ?? last?.loaded.bytes ?? NOTHING;
    const { batch, bytes } = this.#compose(before);
    if (batch.length === 0) return known;
    const expiresAt = Math.max(...batch.map((wish) => wish.deadline(bytes)));
    for (const wish of batch) wish.tries++;
    const start = performance.now();
    try {
      const updated = await this.#send(batch, bytes, before, expiresAt);
      if (!updated.done) return await this.#lose(batch, bytes, updated.current);
      this.#contested = batch.some(({ tries }) => tries > 1) ? MEMORY : this.#contested - 1;
      if (this.#contested > 0) this.#courtesy = Math.max(performance.now() - start, 1);
      return this.#grant(batch, bytes);
    } catch (error) {
      return this.#doubt(batch, { bytes, before, error });
    }
  }

  /** Changes that undo each other leave the same bytes: these are compared as well, or a change since would go unseen. */
  #send(batch: readonly Waiting[], bytes: Uint8Array, before: Uint8Array, expiresAt: number): Promise<Updated> {
    const { touch } = this.#spot;
    return touch && batch.every(isTouch) ? touch(expiresAt) : this.#spot.write(bytes, before, expiresAt);
  }

  /**
   * Merges those who wait, one onto the other. Whoever cannot be merged is told so, and left out. Who comes behind one that
   * ends the session, as it is permanent no more, waits on, to find nothing there.
   */
  #compose(before: Uint8Array): { batch: Waiting[]; bytes: Uint8Array } {
    const batch: Waiting[] = [];
    let bytes = before;
    for (let wish = this.#waiting.shift(); wish; wish = this.#waiting.shift()) {
      try {
        ({ bytes, conflicts: wish.conflicts } = rebase(wish, bytes, this.#rules));
        batch.push(wish);
        if (wish.deadline(bytes) <= this.#rules.clock.now()) break;
      } catch (error) {
        wish.fail(error);
      }
    }
    return { batch, bytes };
  }

  #grant(batch: readonly Waiting[], bytes: Uint8Array): Uint8Array {
    for (const { draft, conflicts, tries, settle } of batch) {
      if (tries > 1) report({ type: "contended", tries }, this.#rules.key);
      if (conflicts.length > 0) report({ type: "conflict", keys: conflicts, tries }, this.#rules.key);
      settle({ bytes, merged: tries > 1 || !sameBytes(bytes, draft.bytes), conflicts, tries });
    }
    return bytes;
  }

  /** Tells who is done after all, and lets the others try again; with nothing there, all are told so. */
  async #lose(
    batch: readonly Waiting[],
    tried: Uint8Array,
    current: Entry | undefined,
  ): Promise<Uint8Array | undefined> {
    if (!current) {
      // What was made without a reply may have gone on under a new id.
      for (const wish of batch) if (wish.doubted) wish.fail(inDoubt());
      for (const wish of batch) wish.settle(undefined);
      return undefined;
    }
    const { leaves } = this.#spot;
    const having = (fate: Fate) => batch.filter((wish) => fateOf(wish, leaves ?? tried, current.value) === fate);
    for (const wish of having("unknown")) wish.fail(inDoubt());
    this.#grant(having("done"), leaves ? tried : current.value);
    const salt = this.#rules.saltIn?.(current.value);
    if (salt === undefined) return this.#tryAgain(having("undone"), current.value);
    for (const wish of having("undone")) wish.fail(new Moved(salt));
    return undefined;
  }

  /** A write may have been made although no reply came: what stands there tells, once for each wish. */
  async #doubt(batch: readonly Waiting[], lost: Lost): Promise<Uint8Array | undefined> {
    const current = await this.#lookAgain(batch, lost.error);
    if (current === FAILED) {
      for (const wish of batch) wish.fail(lost.error);
      return undefined;
    }
    for (const wish of batch) wish.doubted = this.#spot.leaves ?? lost.bytes;
    return current && sameBytes(current.value, lost.before)
      ? this.#tryAgain(batch, lost.before)
      : this.#lose(batch, lost.bytes, current);
  }

  /** Not where the engine was silent, as the request has waited long enough; nor twice for one wish. */
  async #lookAgain(batch: readonly Waiting[], error: unknown): Promise<Entry | undefined | typeof FAILED> {
    const { read } = this.#spot;
    const isSilent = error instanceof Error && error.cause instanceof NoAnswer;
    if (!read || isSilent || batch.some((wish) => wish.doubted)) return FAILED;
    try {
      return await read();
    } catch {
      return FAILED;
    }
  }

  /** Puts back those who may try again: at once, since they know what stands there. */
  #tryAgain(batch: readonly Waiting[], standing: Uint8Array): Uint8Array {
    for (const wish of batch) if (wish.tries >= MAX_TRIES) wish.fail(givenUp());
    const rest = batch.filter((wish) => wish.tries < MAX_TRIES);
    this.#waiting.unshift(...rest);
    return standing;
  }
}

type Fate = "done" | "unknown" | "undone";

/**
 * What became of a wish, as far as what stands there now can tell. It may be what was tried although the swap was lost:
 * a client that had no reply may have sent it again by itself.
 */
function fateOf({ doubted, state }: Waiting, tried: Uint8Array, standing: Uint8Array): Fate {
  const stands = sameBytes(tried, standing) || (doubted !== undefined && sameBytes(doubted, standing));
  // An assignment may be made twice. Without a stamp, another request's update may have left the same bytes.
  const isProof = !state.updates.any || state.habits.stamp !== undefined;
  if (stands && isProof) return "done";
  return doubted !== undefined && state.updates.any ? "unknown" : "undone";
}

function inDoubt(): SessionInDoubtError {
  const message = "the store's reply was lost, and the session has changed since: it may have been saved";
  return new SessionInDoubtError(message);
}

function givenUp(): SessionError {
  return new SessionError("CONFLICT", `other requests changed the session first, ${MAX_TRIES} times in a row`);
}

/** The lanes of the records that are being saved, by their keys. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();

  save(wish: Wish, rules: SwapRules, spot: Spot): Promise<Swapped | undefined> {
    if (!requestsMayMeet) return new Lane(rules, spot).save(wish);
    const { key } = rules;
    let lane = this.#lanes.get(key);
    if (!lane) {
      lane = new Lane(rules, spot, () => this.#lanes.delete(key));
      this.#lanes.set(key, lane);
    }
    return lane.save(wish);
  }
}
