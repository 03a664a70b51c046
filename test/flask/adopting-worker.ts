/** One of several processes that adopt the same files and count in each session: `adopting-worker.ts <directory> <keys>`. */
import { ask } from "../../src/testing/internal/peer.ts";
import { adoptingStore } from "./python-files.ts";

const [directory = "", keys = "0"] = process.argv.slice(2);
const store = adoptingStore(directory);

await ask("ready");
for (let key = 0; key < Number(keys); key++) await count(`key ${key}`);

/** Adds one to the number under a key; what Python wrote is 0. */
async function count(key: string): Promise<void> {
  let entry = await store.read(key);
  while (entry) {
    const value = Buffer.from(String((Number(Buffer.from(entry.value).toString()) || 0) + 1));
    const updated = await store.update(key, { before: entry.value, value, expiresAt: entry.expiresAt });
    if (updated.done) return;
    entry = updated.current;
  }
  throw new Error(`${key} is gone`);
}
