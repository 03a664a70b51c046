/** Where handlers wait: a server of the script's own, which answers a handler when the script lets it go on. */
import { once } from "node:events";
import { type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Gate {
  readonly url: string;
  /** So many tickets that were never used before. */
  tickets(count: number): string[];
  /** Resolves when the handlers with all of these tickets stand here; rejects when they take too long. */
  holds(tickets: readonly string[]): Promise<void>;
  letGo(ticket: string): void;
  stop(): void;
}

/** How many milliseconds handlers have to come. */
const PATIENCE = 20_000;

export async function openGate(): Promise<Gate> {
  const waiting = new Map<string, ServerResponse>();
  const looks = new Set<() => void>();
  let used = 0;
  const server = createServer((request, response) => {
    waiting.set(request.url?.slice(1) ?? "", response);
    for (const look of looks) look();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tickets: (count) => Array.from({ length: count }, () => `t${used++}`),
    holds(tickets) {
      const missing = () => tickets.filter((ticket) => !waiting.has(ticket));
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          reject(new Error(`${missing().length} of ${tickets.length} handlers did not come to the gate`));
        }, PATIENCE);
        const look = () => {
          if (missing().length > 0) return;
          clearTimeout(late);
          looks.delete(look);
          resolve();
        };
        looks.add(look);
        look();
      });
    },
    letGo(ticket) {
      waiting.get(ticket)?.end();
      waiting.delete(ticket);
    },
    stop: () => server.close().closeAllConnections(),
  };
}
