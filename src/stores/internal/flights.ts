/** What is under way to a far store, and whether its answer may still be kept near when it comes. */

/** One call of a far store, from its start to its answer. */
export interface Flight {
  /** Whether nothing else has changed the entry meanwhile, as far as this process knows. */
  mayKeep(): boolean;
  /** Called once, when the answer has been dealt with. */
  end(): void;
}

interface UnderWay {
  calls: number;
  writes: number;
  /** Counts what makes the answers of all others worthless. */
  changes: number;
}

/** The calls that are under way, by key. Holds nothing for a key without one. */
export class Flights {
  readonly #underWay = new Map<string, UnderWay>();

  /** A read: its answer may be kept if no write was under way at any moment of it. */
  read(key: string): Flight {
    const all = this.#begin(key);
    const { changes } = all;
    return {
      mayKeep: () => all.writes === 0 && all.changes === changes,
      end: () => this.#end(key, all),
    };
  }

  /** A write: its answer may be kept if no other write was under way at any moment of it. */
  write(key: string): Flight {
    const all = this.#begin(key);
    all.writes++;
    const changes = ++all.changes;
    return {
      mayKeep: () => all.writes === 1 && all.changes === changes,
      end: () => {
        all.writes--;
        all.changes++;
        this.#end(key, all);
      },
    };
  }

  /** Somebody else has changed the entry. */
  disturb(key: string): void {
    const all = this.#underWay.get(key);
    if (all) all.changes++;
  }

  #begin(key: string): UnderWay {
    const all = this.#underWay.get(key) ?? { calls: 0, writes: 0, changes: 0 };
    this.#underWay.set(key, all);
    all.calls++;
    return all;
  }

  #end(key: string, all: UnderWay): void {
    if (--all.calls === 0) this.#underWay.delete(key);
  }
}
