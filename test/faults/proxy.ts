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
  /** Bytes vanish, and connections stay open. */
  swallows: boolean;
  /** So many replies vanish, after the engine has done what was asked; the connection of each is reset. */
  lostReplies: number;
  /** How many bytes have vanished so far. */
  swallowed: number;
}

const HARMLESS: Readonly<Faults> = {
  latency: 0,
  bandwidth: Infinity,
  slice: Infinity,
  refuses: false,
  swallows: false,
  lostReplies: 0,
  swallowed: 0,
};

/** A proxy that listens on `127.0.0.1`. */
export interface FaultProxy {
  readonly port: number;
  readonly faults: Faults;
  /** How many connections are open. */
  readonly connections: number;
  /** Ends all faults. */
  heal(): void;
  /** Resets every connection. */
  cut(): void;
  stop(): Promise<void>;
}

/** Starts a proxy before a port of this machine. It does no harm at first. */
export async function startFaultProxy(port: number): Promise<FaultProxy> {
  const faults = { ...HARMLESS };
  const lines = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      lines.add(one);
      one.setNoDelay().on("error", () => undefined);
      one.on("close", () => {
        lines.delete(one);
        other.destroy();
      });
    }
    if (faults.refuses) {
      near.resetAndDestroy();
    } else {
      void carry(near, far, faults);
      void carry(far, near, faults, () => loses(faults));
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const cut = () => {
    for (const line of lines) line.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    faults,
    get connections() {
      return lines.size / 2;
    },
    heal: () => void Object.assign(faults, HARMLESS),
    cut,
    async stop() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}

/** Whether the reply that came is to be lost. */
function loses(faults: Faults): boolean {
  if (faults.lostReplies === 0) return false;
  faults.lostReplies--;
  return true;
}

async function carry(from: Socket, to: Socket, faults: Faults, isLost: () => boolean = () => false): Promise<void> {
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      if (isLost()) return void to.resetAndDestroy();
      for (const piece of piecesOf(chunk, faults.slice)) {
        const wait = faults.latency + (piece.length / faults.bandwidth) * 1000;
        if (wait > 0) await pause(wait);
        if (faults.swallows) faults.swallowed += piece.length;
        else if (!to.write(piece)) await once(to, "drain");
      }
    }
    to.end();
  } catch {
    to.destroy();
  }
}

function* piecesOf(chunk: Buffer, size: number): Generator<Buffer> {
  for (let start = 0; start < chunk.length; start += size) yield chunk.subarray(start, start + size);
}
