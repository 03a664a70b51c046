/** The places that are reached over a network, opened through a proxy that spoils the line. */
import { redisStore } from "../../src/stores/redis.ts";
import { type FaultProxy, startFaultProxy } from "../faults/proxy.ts";
import { insistent } from "../stores/redis-clients.ts";
import type { Opened } from "./disk/disks.ts";
import { PLACES, type Place } from "./places.ts";

/** Their names. A file and SQLite have no line. */
export const NETWORKED: readonly string[] = Object.keys(PLACES).filter((name) => PLACES[name]?.engine !== undefined);

/** A client by its name, and how it opens a place. */
export type Client = readonly [name: string, open: Place["open"]];

/** The clients by which a place may be opened: beside those that do not ask again by themselves, those that do. */
export function clientsOf(place: string): readonly Client[] {
  const { open } = PLACES[place] ?? {};
  if (!open) throw new Error(`there is no place of the name ${place}`);
  const others = place === "redis" ? Object.entries(insistent).slice(0, 1) : [];
  return [[place, open], ...others.map(([name, lend]): Client => [`${place} by ${name}`, (url) => lent(lend(url))])];
}

async function lent(lending: ReturnType<(typeof insistent)[string]>): Promise<Opened> {
  const { client, stop } = await lending;
  return { store: redisStore(client), close: stop };
}

/** A place's address at which a proxy stands. */
export interface Line {
  readonly proxy: FaultProxy;
  readonly address: string;
}

/** Puts a proxy before the engine of a place. */
export async function through(place: string, address: string): Promise<Line> {
  const { host, hostname, port } = new URL(address.includes("://") ? address : `tcp://${address}`);
  const proxy = await startFaultProxy(Number(port), hostname);
  return { proxy, address: address.replace(host, `127.0.0.1:${proxy.port}`) + (TAILS[place] ?? "") };
}

/** The driver looks for a server that broke down twice a second at most, and every lost reply is a breakdown for it. */
const TAILS: Readonly<Record<string, string>> = { mongo: "/?minHeartbeatFrequencyMS=10" };
