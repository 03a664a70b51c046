/** How `redisStore` knows whether a write outlives its primary: it asks with each write, and remembers the answer. */
import type { Durable } from "../../store.ts";
import type { Command, Send, SendAndWait, Wait } from "./redis-clients.ts";
import { checkSeconds, checkWhole } from "./options.ts";

/** How many replicas have to have a write, and how long a write waits for them. */
export interface DurableOptions {
  /** Default 1. */
  replicas?: number;
  /**
   * Seconds, default 0.1. Stay well below `storeTimeout`: on one connection the writes wait one after the other, and the
   * reads behind them.
   */
  timeout?: number;
}

/** A store answers for so many keys; of those whose last write is longer ago it says no. */
const REMEMBERED = 10_000;

/** How many writes wait at a time, and for how many milliseconds none does after one has waited in vain. */
const AT_ONCE = 4;
const REST = 1000;

/** Redis' word for a key that another node of a cluster has, or that none has now. */
const ELSEWHERE = /^(?:MOVED|ASK|TRYAGAIN|CLUSTERDOWN) /;

/** A `send` for writes that waits for replicas, and what is known by that. Throws `CONFIG` when an option is wrong. */
export function durably(send: Send, sendAndWait: SendAndWait, options: DurableOptions): Durable & { write: Send } {
  const wait = waitOf(options);
  const confirmed = confirmations();
  const patience = patienceFor(AT_ONCE, REST, 2 * Number(wait[2]));

  /** Writes, and tells whether the replicas have it. */
  async function tryWrite(key: string, command: Command): Promise<[reply: unknown, isThere: boolean]> {
    if (!patience.mayWait()) return [await send(key, command), false];
    try {
      const [reply, replicas] = await sendAndWait(key, command, wait);
      const isThere = Number(replicas) >= Number(wait[1]);
      patience.heard(isThere);
      return [reply, isThere];
    } catch (error) {
      // Clients follow such a word for a command of its own, but not for one in a pipeline.
      if (error instanceof Error && ELSEWHERE.test(error.message)) return [await send(key, command), false];
      throw error;
    }
  }

  return {
    async write(key, command) {
      const end = confirmed.begin(key);
      let isSafe = false;
      try {
        const [reply, isThere] = await patience.inTurn(() => tryWrite(key, command));
        isSafe = isThere && isWrite(reply);
        return reply;
      } finally {
        end(isSafe);
      }
    },
    confirm: async (key) => confirmed.has(key),
  };
}

/**
 * Keeps missing replicas from holding up a connection, on which one `WAIT` is answered after the other and whatever was
 * sent behind them. At most `atOnce` writes wait at a time, and for `rest` milliseconds after one did so in vain none
 * does; then one tries for all.
 *
 * A turn is over after `longest` milliseconds: a primary that stands still would keep the writes to others waiting.
 */
function patienceFor(atOnce: number, rest: number, longest: number) {
  let restsUntil = 0;
  let current = 0;
  const queue: ((hasTurn: boolean) => void)[] = [];
  const isResting = () => performance.now() < restsUntil;

  async function takeTurn(): Promise<boolean> {
    if (current === atOnce) return new Promise((resolve) => queue.push(resolve));
    current++;
    return true;
  }

  function endTurn(): void {
    const next = queue.shift();
    if (next) next(true);
    else current--;
  }

  function heard(inTime: boolean): void {
    restsUntil = inTime ? 0 : performance.now() + rest;
    // Where none waits, none has to wait for a turn.
    if (!inTime) for (const next of queue.splice(0)) next(false);
  }

  return {
    heard,
    mayWait(): boolean {
      if (isResting()) return false;
      if (restsUntil > 0) restsUntil = performance.now() + rest;
      return true;
    },
    async inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
      if (isResting() || !(await takeTurn())) return act();
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        heard(false);
        endTurn();
      }, longest);
      try {
        return await act();
      } finally {
        clearTimeout(timer);
        if (!isLate) endTurn();
      }
    },
  };
}

/** The keys whose last write is known to be where it should. Of writes that overlap nobody knows which was the last. */
function confirmations() {
  const confirmed = new Set<string>();
  const current = new Map<string, { writes: number; overlap: boolean }>();
  return {
    has: (key: string): boolean => confirmed.has(key),

    /** Called before a write; what it gives is called after it, and told whether the write is known to be safe. */
    begin(key: string): (isSafe: boolean) => void {
      const state = current.get(key) ?? { writes: 0, overlap: false };
      current.set(key, state);
      state.writes++;
      state.overlap ||= state.writes > 1;
      confirmed.delete(key);
      return (isSafe) => {
        state.writes--;
        if (state.writes === 0) current.delete(key);
        if (isSafe && !state.overlap) confirmed.add(key);
        const [oldest] = confirmed;
        if (confirmed.size > REMEMBERED && oldest !== undefined) confirmed.delete(oldest);
      };
    },
  };
}

/** Whether a reply says that something was written: neither what stands there instead, nor nothing, nor none. */
function isWrite(reply: unknown): boolean {
  return reply !== null && !Array.isArray(reply) && Number(reply) !== 0;
}

function waitOf({ replicas = 1, timeout = 0.1 }: DurableOptions): Wait {
  checkWhole("durable.replicas", replicas, 1, 100);
  checkSeconds("durable.timeout", timeout, 0.001, 60);
  return ["wait", String(replicas), String(Math.ceil(timeout * 1000))];
}
