import { type MemcachedClient, memcachedClient, memcachedStore } from "../../stores/memcached.ts";
import type { Open } from "../opening.ts";

/** `SESSION_TYPE` `memcached`: the client or the servers of `SESSION_MEMCACHED`. A client of our own connects by itself. */
export const openMemcached: Open = ({ memcached }, clock) => {
  const client = typeof memcached === "string" ? memcachedClient(memcached) : (memcached as MemcachedClient);
  return memcachedStore(client, { prefix: "", clock });
};
