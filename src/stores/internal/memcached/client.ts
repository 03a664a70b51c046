/** A client of memcached for sessions: the few verbs they need, in the meta protocol of memcached 1.6. */
import type { ConnectionOptions } from "node:tls";
import type { Connection } from "./connection.ts";
import { isKey } from "./keys.ts";
import { addressesOf } from "./options.ts";
import { rendezvous } from "./rendezvous.ts";
import { getting, itemOf, outcomeOf, setting, stampOf } from "./meta.ts";
import { Server } from "./server.ts";

/** Tells one state of one item from every other: memcached's CAS number, which counts on one connection only. */
export interface Stamp {
  /** A server that was started again counts anew, so what another connection told is worth nothing. */
  readonly connection: object;
  readonly unique: string;
}

/** An item as it stands. */
export interface Item {
  readonly value: Uint8Array;
  readonly stamp: Stamp;
  /** Seconds until its end, the begun one included; negative when it has none. */
  readonly life: number;
}

/** What is put into the place of an item. */
export interface Replacement {
  readonly value: Uint8Array;
  readonly exptime: number;
}

/** Whether a change took place, and the stamp of what was put there; if not, what stood there right after. */
export type Exchanged = { done: true; stamp: Stamp | undefined } | { done: false; current: Item | undefined };

/**
 * What `memcachedStore` asks of a client. Each is one round trip, rejects when the server failed, and never tries again.
 *
 * `exptime` is memcached's: seconds up to 30 days, a Unix time above. Bytes may be changed once a call has returned.
 */
export interface MemcachedClient {
  get(key: string): Promise<Item | undefined>;
  /** Adds an item with flags 0. `undefined`: the key is taken. */
  add(key: string, value: Uint8Array, exptime: number): Promise<Stamp | undefined>;
  /**
   * Puts an item into the place of the one with the stamp or, without `next`, nothing. Without a stamp, and with one of
   * another connection, it only tells what stands there.
   */
  exchange(key: string, stamp: Stamp | undefined, next: Replacement | undefined): Promise<Exchanged>;
  /** Moves the end of an item. `false`: there is none. */
  touch(key: string, exptime: number): Promise<boolean>;
  /** `false`: there was none. */
  delete(key: string): Promise<boolean>;
}

/** A client that holds connections of its own. */
export interface OwnMemcachedClient extends MemcachedClient {
  /** Ends the connections; what is not answered yet, and what is asked from now on, rejects. */
  close(): void;
}

/** Where `memcachedClient` finds its servers, and how it speaks to them. */
export interface MemcachedClientOptions {
  /** `host:port` of each; the port is 11211 by default. Several share the keys as pymemcache's `HashClient` does it. */
  servers: string | readonly string[];
  /** `true`, or what `tls.connect` takes, such as `ca`. Default: no TLS. */
  tls?: boolean | ConnectionOptions;
  /** For a server with a file of passwords (`-Y`). */
  auth?: { user: string; password: string };
  /** The longest silence while an answer is due, in seconds; then the connection is given up. Default 2. */
  timeout?: number;
}

/**
 * A client of one memcached or several, from 1.6.0. It connects when it is first asked, and again by the next question
 * when a connection broke. It does not keep the process from ending.
 *
 * Throws `CONFIG` for an option that means nothing.
 */
export function memcachedClient(options: string | MemcachedClientOptions): OwnMemcachedClient {
  const addresses = addressesOf(typeof options === "string" ? { servers: options } : options);
  const servers = addresses.map((address) => new Server(address));

  /** Nothing but a key ever becomes part of a line: what else is in there would be read as commands. */
  async function connectionFor(key: string): Promise<Connection> {
    if (!isKey(key)) throw new TypeError("a key has up to 250 characters, none of them blank, control or beyond ASCII");
    return rendezvous(servers, key).connection();
  }

  async function isDone(key: string, command: string): Promise<boolean> {
    const connection = await connectionFor(key);
    const [reply] = await connection.ask(command, 1);
    return outcomeOf(connection, reply) !== undefined;
  }

  async function get(key: string): Promise<Item | undefined> {
    const connection = await connectionFor(key);
    const [reply] = await connection.ask(getting(key), 1);
    return itemOf(connection, reply);
  }

  return {
    get,

    async add(key, value, exptime) {
      const command = setting(key, { value, exptime }, "ME");
      const connection = await connectionFor(key);
      connection.checkSize(key, value.length);
      const [reply] = await connection.ask(command, 1);
      return stampOf(connection, outcomeOf(connection, reply));
    },

    async exchange(key, stamp, next) {
      const { unique } = stamp ?? {};
      const command = next ? setting(key, next, `C${unique}`) : Buffer.from(`md ${key} C${unique}\r\n`);
      const connection = await connectionFor(key);
      if (next) connection.checkSize(key, next.value.length);
      if (stamp?.connection !== connection) return { done: false, current: await get(key) };
      const [changed, current] = await connection.ask(Buffer.concat([command, Buffer.from(getting(key))]), 2);
      const outcome = outcomeOf(connection, changed);
      if (outcome) return { done: true, stamp: stampOf(connection, outcome) };
      return { done: false, current: itemOf(connection, current) };
    },

    touch: (key, exptime) => isDone(key, `mg ${key} T${exptime}\r\n`),

    delete: (key) => isDone(key, `md ${key}\r\n`),

    close() {
      for (const server of servers) server.close();
    },
  };
}
