/**
 * Tells a store that does not take one record from one that is down, without knowing any engine's words: a record is
 * refused when it fails twice, and the store takes another one after either time.
 */
import { randomBytes } from "node:crypto";
import { sha256 } from "../../crypto/bytes.ts";
import type { Store } from "../../store.ts";

/** A record that a store does not take though it takes others; the store's own error is the `cause`. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** The same store, which rejects with a `Refusal` for a record that is refused, and as ever when it is down. */
export function tellingRefusals(store: Store): Store {
  const asking = async <Done>(write: () => Promise<Done>): Promise<Done> => {
    try {
      return await write();
    } catch (error) {
      await takeAnother(store, error);
    }
    return write().catch(async (cause: unknown) => {
      await takeAnother(store, cause);
      throw new Refusal("the new store does not take this record", { cause });
    });
  };
  return {
    ...(store.capabilities && { capabilities: store.capabilities }),
    create: (key, entry) => asking(() => store.create(key, entry)),
    read: (key) => store.read(key),
    update: (key, change) => asking(() => store.update(key, change)),
    delete: (key) => store.delete(key),
  };
}

/** Milliseconds after which a record of ours that stayed there ends by itself. */
const TRIAL = 60_000;

/** Writes a small record and removes it. Rejects with what the store said before, if it cannot do that either. */
async function takeAnother(store: Store, failure: unknown): Promise<void> {
  const key = sha256(randomBytes(16).toString("hex"));
  const entry = { value: Buffer.from("flagon migrate"), expiresAt: Date.now() + TRIAL };
  const taking = store.create(key, entry).then(() => store.delete(key));
  if (!(await taking.catch(() => false))) throw failure;
}
