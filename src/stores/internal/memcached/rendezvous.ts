/**
 * The one of several servers that has a key: the one whose name and the key hash highest, as pymemcache's `HashClient`
 * has it. A server more or less moves only its own share of the keys.
 */
export function rendezvous<Named extends { readonly name: string }>(servers: readonly Named[], key: string): Named {
  const [only] = servers;
  if (only && servers.length === 1) return only;
  const scored = servers.map((server) => ({ server, score: murmur3(`${server.name}-${key}`) }));
  // Of equal scores the greater name has it.
  const [best] = scored.toSorted((a, b) => b.score - a.score || (a.server.name < b.server.name ? 1 : -1));
  if (!best) throw new Error("there is no server");
  return best.server;
}

/** MurmurHash3 in its form of 32 bits, with the seed 0, of a text whose characters are bytes. */
export function murmur3(text: string): number {
  const bytes = Buffer.from(text, "latin1");
  const whole = bytes.length - (bytes.length % 4);
  let hash = 0;
  for (let at = 0; at < whole; at += 4) {
    hash = rotate(hash ^ scrambled(bytes.readUInt32LE(at)), 13);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  if (whole < bytes.length) hash ^= scrambled(bytes.readUIntLE(whole, bytes.length - whole));
  return mixed(hash ^ bytes.length);
}

function scrambled(block: number): number {
  return Math.imul(rotate(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
}

function mixed(hash: number): number {
  let mix = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return (mix ^ (mix >>> 16)) >>> 0;
}

function rotate(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by));
}
