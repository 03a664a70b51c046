/** What does not depend on the machine: how often a verb goes to the engine and waits, counted between the two. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Store } from "flagon";
import { inADay, newKeys, newValue } from "./load.ts";

/** A line to an engine that is listened in to. */
export interface Line {
  /** The engine's URL, by way of the line. */
  readonly url: string;
  /** How often somebody has begun to speak to the engine after it had spoken. */
  trips(): number;
  stop(): void;
}

const VERBS = ["create", "read", "update", "delete"] as const;

/** Round trips of one call of each verb. */
export type Trips = Record<(typeof VERBS)[number], number>;

/** How many calls of each verb are counted, and how often: what a client says of its own accord is in the rest. */
const [CALLS, TIMES] = [25, 3];

/** Counts the round trips of each verb, one call after the other. */
export async function tripsOf(store: Store, line: Line): Promise<Trips> {
  const trips: Trips = { create: Infinity, read: Infinity, update: Infinity, delete: Infinity };
  // Scripts and prepared statements travel with the first call.
  await callEach(store, line);
  for (let time = 0; time < TIMES; time++) {
    const counted = await callEach(store, line);
    for (const verb of VERBS) trips[verb] = Math.min(trips[verb], counted[verb] / CALLS);
  }
  return trips;
}

async function callEach(store: Store, line: Line): Promise<Trips> {
  const [keys, expiresAt] = [newKeys(CALLS), inADay()];
  const read = new Map<string, Uint8Array | undefined>();
  const calls = {
    create: (key: string) => store.create(key, { value: newValue(), expiresAt }),
    read: async (key: string) => read.set(key, (await store.read(key))?.value),
    update: (key: string) => {
      return store.update(key, { before: read.get(key) ?? newValue(), value: newValue(), expiresAt });
    },
    delete: (key: string) => store.delete(key),
  };
  const counted: Trips = { create: 0, read: 0, update: 0, delete: 0 };
  for (const verb of VERBS) {
    const start = line.trips();
    for (const key of keys) await calls[verb](key);
    counted[verb] = line.trips() - start;
  }
  return counted;
}

/** Puts a line between us and an engine. */
export async function listenIn(url: string): Promise<Line> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  let trips = 0;
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    let theirTurn = true;
    for (const socket of [near, far]) {
      sockets.add(socket.setNoDelay());
      socket.on("error", () => [near, far].forEach((each) => each.destroy()));
    }
    near.on("data", () => {
      if (theirTurn) trips++;
      theirTurn = false;
    });
    far.on("data", () => (theirTurn = true));
    near.pipe(far).pipe(near);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const tapped = new URL(url);
  tapped.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: tapped.href,
    trips: () => trips,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
