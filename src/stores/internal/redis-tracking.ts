/** How `redisStore` learns of changes: the server's own invalidation, pushed over a connection of RESP3. */
import { inspect } from "node:util";
import { SessionError } from "../../errors.ts";
import { report } from "../../events.ts";
import type { Watch, Watchable } from "../../store.ts";

/** What is asked of node-redis 5 and 6 to learn of changes: a client of one server, made with `emitInvalidate: true`. */
export interface TrackingClient {
  readonly isReady: boolean;
  readonly options?: { readonly emitInvalidate?: boolean | undefined } | undefined;
  sendCommand(args: string[], options?: object): Promise<unknown>;
  on(event: string, listener: (key: string | Buffer | null) => void): unknown;
}

/** Clients that track for a store already: a second one would end what was told to the first. */
const taken = new WeakSet<TrackingClient>();

/** Tells of changes under a prefix. Throws `CONFIG` for a client that cannot, or that does so for another store. */
export function trackingBy(client: TrackingClient, prefix: string): Watchable {
  checkClient(client);
  taken.add(client);
  const watchers = new Set<(key?: string) => void>();
  /** Counts what began and ended: an answer counts only if nothing did so meanwhile. */
  let era = 0;
  let isOn = false;

  function tell(key?: string): void {
    for (const changed of watchers) changed(key);
  }

  /** Whatever was known is known no longer: changes went untold until this moment. */
  function turn(on: boolean): void {
    era++;
    isOn = on;
    tell();
  }

  async function start(): Promise<void> {
    const before = ++era;
    isOn = false;
    try {
      // The client has it on already, for the keys that it reads; the kind can only be changed when it is off.
      const off = client.sendCommand(["CLIENT", "TRACKING", "OFF"]);
      const on = client.sendCommand(["CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", prefix, "NOLOOP"]);
      await Promise.all([off, on]);
      if (era === before) turn(true);
    } catch (error) {
      report({ type: "failed", error });
    }
  }

  async function isComplete(): Promise<boolean> {
    const before = era;
    if (!isOn) return false;
    // What was changed before is told before this is answered, since both come over one connection.
    await client.sendCommand(["PING"]);
    return era === before;
  }

  client.on("invalidate", (name) => {
    const key = name?.toString();
    if (key === undefined) tell();
    else if (key.startsWith(prefix)) tell(key.slice(prefix.length));
  });
  for (const event of ["error", "end"]) client.on(event, () => turn(false));
  client.on("ready", () => void start());
  if (client.isReady) void start();

  return {
    watch(changed): Watch {
      watchers.add(changed);
      return { isComplete: () => isComplete().catch(() => false) };
    },
  };
}

function checkClient(client: TrackingClient): void {
  if (client?.options?.emitInvalidate !== true || typeof client.on !== "function") {
    throw new SessionError(
      "CONFIG",
      `tracking is ${inspect(client, { depth: -1 })}; give a client of redis 5 or 6 that createClient made with RESP: 3 and emitInvalidate: true`,
    );
  }
  if (taken.has(client)) {
    throw new SessionError(
      "CONFIG",
      "tracking is a client that tracks for another store; give each a client of its own",
    );
  }
}
