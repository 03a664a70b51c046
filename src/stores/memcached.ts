/**
 * Keeps entries in memcached: an item under `prefix + key` holds the value, with flags 0; its end is the deadline.
 *
 * The bytes are the caller's and nothing is added, so a Python peer can read and write the same items. Nothing is ever
 * set blindly: an entry is added, or it takes the place of the very item that was looked at.
 */
import { type Clock, systemClock } from "../clock.ts";
import { SessionError } from "../errors.ts";
import type { Change, Entry, Store, Updated } from "../store.ts";
import type { Item, MemcachedClient } from "./internal/memcached/client.ts";
import { exptimeOf } from "./internal/memcached/exptime.ts";
import { keyOf } from "./internal/memcached/keys.ts";
import { find, remember } from "./internal/memcached/known.ts";
import { checkClock, checkPrefix } from "./internal/options.ts";
import { NEVER } from "./internal/never.ts";

export {
  type MemcachedClient,
  type MemcachedClientOptions,
  type OwnMemcachedClient,
  memcachedClient,
} from "./internal/memcached/client.ts";

/** How `memcachedStore` names its items, and whose time it counts by. */
export interface MemcachedStoreOptions {
  /** Stands before every key, as it is. Default `'flagon:'`. */
  prefix?: string;
  /** Tells the life that a deadline leaves; memcached counts it down by itself. Default: the machine's own. */
  clock?: Clock;
}

/**
 * Keeps entries in memcached, each verb by one round trip. A swap whose `before` is not what this store has read or
 * written itself takes two, to look at what stands there first.
 *
 * Throws `CONFIG` when the client is none: `memcachedClient` makes one.
 */
export function memcachedStore(
  client: MemcachedClient,
  { prefix = "flagon:", clock = systemClock }: MemcachedStoreOptions = {},
): Store {
  checkPrefix(prefix);
  checkClock(clock);
  checkClient(client);

  /** An entry for the caller, whose bytes are his from now on. */
  function handOut({ value, stamp, life }: Item): Entry {
    remember(value, stamp, Buffer.from(value));
    return { value, expiresAt: life < 0 ? NEVER : clock.now() + life * 1000 };
  }

  /** Puts bytes into the place of others, or nothing where the deadline has passed. */
  async function swap(
    key: string,
    before: Uint8Array,
    value: Uint8Array,
    exptime: number | undefined,
  ): Promise<Updated> {
    const known = find(before);
    const [expected, written] = [known?.copy ?? Buffer.from(before), Buffer.from(value)];
    const next = exptime === undefined ? undefined : { value: written, exptime };
    let stamp = known?.stamp;
    for (;;) {
      const exchanged = await client.exchange(key, stamp, next);
      if (exchanged.done) {
        if (exchanged.stamp) remember(value, exchanged.stamp, written);
        return { done: true };
      }
      const { current } = exchanged;
      if (!current) return { done: false, current };
      if (Buffer.compare(current.value, expected) !== 0) return { done: false, current: handOut(current) };
      // Nobody knew the stamp, or somebody wrote the same bytes again: it is the value that counts.
      stamp = current.stamp;
    }
  }

  return {
    async create(key: string, { value, expiresAt }: Entry): Promise<boolean> {
      const [name, exptime] = [keyOf(prefix + key), exptimeOf(expiresAt, clock.now())];
      if (exptime === undefined) return (await client.get(name)) === undefined;
      const copy = Buffer.from(value);
      const stamp = await client.add(name, copy, exptime);
      if (stamp) remember(value, stamp, copy);
      return stamp !== undefined;
    },

    async read(key: string): Promise<Entry | undefined> {
      const item = await client.get(keyOf(prefix + key));
      return item && handOut(item);
    },

    async update(key: string, change: Change): Promise<Updated> {
      const [name, exptime] = [keyOf(prefix + key), exptimeOf(change.expiresAt, clock.now())];
      if ("before" in change) return swap(name, change.before, change.value, exptime);
      const done = await (exptime === undefined ? client.delete(name) : client.touch(name, exptime));
      return done ? { done } : { done, current: undefined };
    },

    async delete(key: string): Promise<boolean> {
      return client.delete(keyOf(prefix + key));
    },
  };
}

function checkClient(client: unknown): void {
  const methods = ["get", "add", "exchange", "touch", "delete"];
  const found = client as Readonly<Record<string, unknown>> | null | undefined;
  if (methods.every((name) => typeof found?.[name] === "function")) return;
  throw new SessionError("CONFIG", "memcachedStore was given no client that it knows; give one of memcachedClient");
}
