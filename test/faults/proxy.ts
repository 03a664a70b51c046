/** A TCP proxy before an engine that does to the line between what networks do. */
import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** What happens to what passes. May be changed at any time; what is under way then goes on by the new rules. */
export interface Faults {
  /** Milliseconds that each chunk is held, either way. */
  latency: number;
  /** Bytes a second, either way. */
  bandwidth: number;
  /** Chunks are cut into pieces of so many bytes. */
  slice: number;
  /** New connections are reset. */
  refuses: boolean;
  /** Nothing passes, and connections stay open: what was sent meanwhile arrives when this ends. */
  freezes: boolean;
  /** Bytes vanish, and connections stay open. TCP has no gaps: those that lost some are reset when the proxy is healed. */
  swallows: boolean;
  /** So many replies vanish, after the engine has done what was asked; the connection of each is reset. */
  lostReplies: number;
  /** Which others do, by their numbers from 0: see `share` and `only`. */
  loses: (reply: number) => boolean;
}

/** What has happened so far. */
export interface Tally {
  /** What the engine has answered; all that it says until it is asked again is one reply. */
  replies: number;
  /** Those of them that vanished. */
  lost: number;
  /** Bytes that vanished, lost replies aside. */
  swallowed: number;
}

const HARMLESS: Readonly<Faults> = {
  latency: 0,
  bandwidth: Infinity,
  slice: Infinity,
  refuses: false,
  freezes: false,
  swallows: false,
  lostReplies: 0,
  loses: () => false,
};

/** A proxy that listens on `127.0.0.1`. */
export interface FaultProxy {
  readonly port: number;
  readonly faults: Faults;
  readonly tally: Readonly<Tally>;
  /** How many connections are open. */
  readonly connections: number;
  /** Ends all faults. */
  heal(): void;
  /** Resets every connection. */
  cut(): void;
  stop(): Promise<void>;
}

/** Loses this share of the replies, by chance; by the same chance for the same seed. */
export function share(part: number, seed: number): Faults["loses"] {
  let state = seed;
  return () => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 < part;
  };
}

/** Loses the replies of these numbers, counted from the first that the proxy has seen. */
export function only(...numbers: readonly number[]): Faults["loses"] {
  return (reply) => numbers.includes(reply);
}

/** A connection through the proxy. */
interface Line {
  readonly near: Socket;
  readonly far: Socket;
  /** Whether the engine was asked since its last reply began. */
  isAsked: boolean;
  hasGap: boolean;
}

/** Starts a proxy before a port of this machine, or of another. It does no harm at first. */
export async function startFaultProxy(port: number, host = "127.0.0.1"): Promise<FaultProxy> {
  const proxy = new Proxied(port, host);
  await proxy.listen();
  return proxy;
}

class Proxied implements FaultProxy {
  readonly faults: Faults = { ...HARMLESS };
  readonly tally: Tally = { replies: 0, lost: 0, swallowed: 0 };
  readonly #lines = new Set<Line>();
  readonly #server = createServer((near) => this.#take(near));
  readonly #engine: { port: number; host: string };
  /** Those who wait for a thaw. */
  #frozen: (() => void)[] = [];

  constructor(port: number, host: string) {
    this.#engine = { port, host };
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get connections(): number {
    return this.#lines.size;
  }

  async listen(): Promise<void> {
    await once(this.#server.listen(0, "127.0.0.1"), "listening");
  }

  heal(): void {
    Object.assign(this.faults, HARMLESS);
    for (const line of this.#lines) if (line.hasGap) reset(line);
    for (const goOn of this.#frozen.splice(0)) goOn();
  }

  cut(): void {
    for (const line of this.#lines) reset(line);
  }

  async stop(): Promise<void> {
    this.heal();
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #take(near: Socket): void {
    near.on("error", () => undefined);
    if (this.faults.refuses) return void near.resetAndDestroy();
    const line: Line = { near, far: connect(this.#engine), isAsked: false, hasGap: false };
    this.#lines.add(line);
    for (const one of [line.near, line.far]) {
      one.setNoDelay().on("error", () => undefined);
      one.on("close", () => {
        this.#lines.delete(line);
        line.near.destroy();
        line.far.destroy();
      });
    }
    void this.#carry(line, line.near, line.far, () => this.#notice(line));
    void this.#carry(line, line.far, line.near, () => this.#isLost(line));
  }

  #notice(line: Line): boolean {
    line.isAsked = true;
    return false;
  }

  /** Whether the reply that comes is to be lost. */
  #isLost(line: Line): boolean {
    if (!line.isAsked) return false;
    line.isAsked = false;
    const { faults, tally } = this;
    const isNext = faults.lostReplies > 0;
    if (isNext) faults.lostReplies--;
    const isLost = faults.loses(tally.replies++) || isNext;
    if (isLost) tally.lost++;
    return isLost;
  }

  async #carry(line: Line, from: Socket, to: Socket, isLost: () => boolean): Promise<void> {
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        if (isLost()) return void line.near.resetAndDestroy();
        for (const piece of piecesOf(chunk, this.faults.slice)) await this.#pass(line, to, piece);
      }
      to.end();
    } catch {
      to.destroy();
    }
  }

  async #pass(line: Line, to: Socket, piece: Buffer): Promise<void> {
    const wait = this.faults.latency + (piece.length / this.faults.bandwidth) * 1000;
    if (wait > 0) await pause(wait);
    if (this.faults.freezes) await new Promise<void>((resolve) => this.#frozen.push(resolve));
    if (!this.faults.swallows) {
      if (!to.write(piece)) await once(to, "drain");
      return;
    }
    this.tally.swallowed += piece.length;
    line.hasGap = true;
  }
}

/** The way back is told; the engine sees its connection closed. */
function reset({ near }: Line): void {
  near.resetAndDestroy();
}

function* piecesOf(chunk: Buffer, size: number): Generator<Buffer> {
  for (let start = 0; start < chunk.length; start += size) yield chunk.subarray(start, start + size);
}
