import { once } from "node:events";
import { connect } from "node:net";
import { type MemcachedClient, memcachedClient, memcachedStore } from "flagon/memcached";
import { startMemcached } from "../../scripts/engines/index.mjs";
import type { Subject } from "./subject.ts";

/** What tells one state of an item from another. */
type Stamp = NonNullable<Awaited<ReturnType<MemcachedClient["add"]>>>;

/** The client is our own, too: what is compared is the store over it. */
export const memcached: Subject = {
  name: "memcached",
  title: "memcached, by our client",
  async start() {
    const { server, stop } = await startMemcached();
    return { url: `tcp://${server}`, stop };
  },
  async connect(url, clock) {
    const { host } = new URL(url);
    const client = memcachedClient(host);
    const stamps = new Map<string, Stamp>();
    const keep = (key: string, stamp: Stamp | undefined) => stamp !== undefined && stamps.set(key, stamp).size > 0;
    const exptimeOf = (expiresAt: number) => Math.ceil((expiresAt - clock.now()) / 1000);
    return {
      store: memcachedStore(client, { clock }),
      raw: {
        create: async (key, value, expiresAt) => keep(key, await client.add(key, value, exptimeOf(expiresAt))),
        async read(key) {
          const item = await client.get(key);
          keep(key, item?.stamp);
          return item?.value;
        },
        async update(key, _before, value, expiresAt) {
          const exchanged = await client.exchange(key, stamps.get(key), { value, exptime: exptimeOf(expiresAt) });
          return exchanged.done && keep(key, exchanged.stamp);
        },
      },
      size: async () => Number(/^STAT bytes (\d+)/m.exec(await statsOf(url))?.[1]),
      close: () => client.close(),
    };
  },
};

async function statsOf(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname).setEncoding("utf8");
  let told = "";
  socket.on("data", (text: string) => (told += text));
  socket.write("stats\r\nquit\r\n");
  await once(socket, "close");
  return told;
}
