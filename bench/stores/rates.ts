/** What depends on the machine: calls per second and CPU time, ours beside the client alone in the same round. */
import { inADay, many, newKeys, newValue } from "./load.ts";
import { type Connection, type Verbs, verbsOf } from "./subject.ts";

/** One verb in one round. */
export interface Rate {
  verb: keyof Verbs;
  /** Calls per second of ours. */
  ours: number;
  /** Ours divided by theirs. */
  ratio: number;
  /** The CPU time of this process for a call of ours, divided by that for one of theirs. */
  cpu: number;
}

/** How much is measured. */
export interface Extent {
  /** Calls for each number of a round. */
  calls: number;
  rounds: number;
  /** Rounds before anything counts. */
  warmUp: number;
}

/**
 * In how many parts a round is done, ours and theirs in turn: what else the machine does falls on both. Whoever comes
 * second finds the other's garbage, so they change places with each part.
 */
const PARTS = 10;

export async function ratesOf({ store, raw }: Connection, { calls, rounds, warmUp }: Extent): Promise<Rate[]> {
  const [ours, theirs] = [new Side(verbsOf(store), calls), new Side(raw, calls)];
  const rates: Rate[] = [];
  for (let round = -warmUp; round < rounds; round++) {
    for (const verb of VERBS) {
      const rate = await compare(verb, ours, theirs);
      if (round >= 0) rates.push(rate);
    }
  }
  return rates;
}

const VERBS = ["create", "read", "update"] as const;

async function compare(verb: keyof Verbs, ours: Side, theirs: Side): Promise<Rate> {
  const [our, their] = [ours.begin(verb), theirs.begin(verb)];
  globalThis.gc?.();
  for (let part = 0; part < PARTS; part++) {
    for (const each of part % 2 === 0 ? [our, their] : [their, our]) await each.goOn();
  }
  return { verb, ours: our.calls / our.seconds, ratio: their.seconds / our.seconds, cpu: our.cpu / their.cpu };
}

/** One of the two, with the sessions that it has made in this round: as with a request, what was read is then updated. */
class Side {
  readonly #verbs: Verbs;
  readonly #calls: number;
  #keys: string[] = [];
  #read: Uint8Array[] = [];

  constructor(verbs: Verbs, calls: number) {
    this.#verbs = verbs;
    this.#calls = calls;
  }

  begin(verb: keyof Verbs): Meter {
    const [verbs, deadline] = [this.#verbs, inADay()];
    if (verb === "create") this.#keys = newKeys(this.#calls);
    const [keys, read] = [this.#keys, this.#read];
    const values = verb === "read" ? [] : keys.map(newValue);
    const act = {
      create: (n: number) => verbs.create(keys[n] ?? "", values[n] ?? NONE, deadline),
      async read(n: number) {
        const value = await verbs.read(keys[n] ?? "");
        read[n] = value ?? NONE;
        return Boolean(value);
      },
      update: (n: number) => verbs.update(keys[n] ?? "", read[n] ?? NONE, values[n] ?? NONE, deadline),
    }[verb];
    return new Meter(act, this.#calls);
  }
}

const NONE = Buffer.alloc(0);

/** Counts what the calls of a round take. */
class Meter {
  readonly calls: number;
  readonly #act: (n: number) => Promise<boolean>;
  #done = 0;
  seconds = 0;
  /** In microseconds. */
  cpu = 0;

  constructor(act: (n: number) => Promise<boolean>, calls: number) {
    this.#act = act;
    this.calls = calls;
  }

  async goOn(): Promise<void> {
    const [cpu, began] = [process.cpuUsage(), performance.now()];
    await many(this.calls / PARTS, (n) => this.#act(this.#done + n));
    this.#done += this.calls / PARTS;
    this.seconds += (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    this.cpu += user + system;
  }
}
