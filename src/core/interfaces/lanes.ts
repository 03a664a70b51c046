import { sameBytes } from "../../crypto/bytes.ts";
import { SessionError } from "../../errors.ts";
import { report } from "../../events.ts";
import type { Updated } from "../../store.ts";
import { type SwapRules, type Wish, rebase } from "./rebase.ts";

/** What stands in the store after a wish was granted. */
export interface Swapped {
  bytes: Uint8Array;
  /** Whether that has changes of other requests as well. */
  merged: boolean;
  conflicts: string[];
  tries: number;
}

/** Puts `bytes` in the place of `before`; the same bytes move the deadline alone. */
export type Write = (bytes: Uint8Array, before: Uint8Array, expiresAt: number) => Promise<Updated>;

const MAX_TRIES = 16;
const LONGEST_PAUSE = 32;
const NOTHING = new Uint8Array();

interface Waiting extends Wish {
  conflicts: string[];
  tries: number;
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
  readonly #rules: SwapRules;
  readonly #write: Write;
  readonly #onIdle: () => void;

  constructor(rules: SwapRules, write: Write, onIdle: () => void = () => undefined) {
    this.#rules = rules;
    this.#write = write;
    this.#onIdle = onIdle;
  }

  /** `undefined`: nothing stands there any more. Rejects with `CONFLICT` after 16 tries. */
  save(wish: Wish): Promise<Swapped | undefined> {
    return new Promise((settle, fail) => {
      this.#waiting.push({ ...wish, conflicts: [], tries: 0, settle, fail });
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    let known: Uint8Array | undefined;
    while (this.#waiting.length > 0) known = await this.#next(known);
    this.#running = false;
    this.#onIdle();
  }

  /** Writes for all who wait, over what stands there as far as is known, and gives what is known then. */
  async #next(known: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    const before = known ?? this.#waiting[0]?.loaded.bytes ?? NOTHING;
    const { batch, bytes } = this.#compose(before);
    if (batch.length === 0) return known;
    const expiresAt = Math.max(...batch.map((wish) => wish.expiresAt));
    try {
      const updated = await this.#write(bytes, before, expiresAt);
      for (const wish of batch) wish.tries++;
      if (updated.done) return this.#grant(batch, bytes);
      if (updated.current) return await this.#tryAgain(batch, updated.current.value);
      for (const wish of batch) wish.settle(undefined);
    } catch (error) {
      for (const wish of batch) wish.fail(error);
    }
    return undefined;
  }

  /** Merges all who wait, one onto the other. Whoever cannot be merged is told so, and left out. */
  #compose(before: Uint8Array): { batch: Waiting[]; bytes: Uint8Array } {
    const batch: Waiting[] = [];
    let bytes = before;
    for (const wish of this.#waiting.splice(0)) {
      try {
        ({ bytes, conflicts: wish.conflicts } = rebase(wish, bytes, this.#rules));
        batch.push(wish);
      } catch (error) {
        wish.fail(error);
      }
    }
    return { batch, bytes };
  }

  #grant(batch: readonly Waiting[], bytes: Uint8Array): Uint8Array {
    for (const { draft, conflicts, tries, settle } of batch) {
      if (conflicts.length > 0) report({ type: "conflict", keys: conflicts, tries }, this.#rules.key);
      settle({ bytes, merged: tries > 1 || !sameBytes(bytes, draft.bytes), conflicts, tries });
    }
    return bytes;
  }

  /** Puts back those who may try again, behind a pause in which others may join them. */
  async #tryAgain(batch: readonly Waiting[], standing: Uint8Array): Promise<Uint8Array> {
    for (const wish of batch) if (wish.tries >= MAX_TRIES) wish.fail(givenUp());
    const rest = batch.filter((wish) => wish.tries < MAX_TRIES);
    this.#waiting.unshift(...rest);
    if (rest.length > 0) await pause(Math.max(...rest.map(({ tries }) => tries)));
    return standing;
  }
}

function givenUp(): SessionError {
  return new SessionError("CONFLICT", `other requests changed the session first, ${MAX_TRIES} times in a row`);
}

/** A random pause that grows with the tries, so that those who collided do not collide again. */
function pause(tries: number): Promise<void> {
  const longest = Math.min(2 ** (tries - 1), LONGEST_PAUSE);
  return new Promise((resolve) => setTimeout(resolve, Math.random() * longest));
}

/** The lanes of the records that are being saved, by their keys. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();

  save(wish: Wish, rules: SwapRules, write: Write): Promise<Swapped | undefined> {
    const { key } = rules;
    let lane = this.#lanes.get(key);
    if (!lane) {
      lane = new Lane(rules, write, () => this.#lanes.delete(key));
      this.#lanes.set(key, lane);
    }
    return lane.save(wish);
  }
}
