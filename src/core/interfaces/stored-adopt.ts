import { createHmac } from "node:crypto";
import type { Data } from "../../codecs/codec.ts";
import { report } from "../../events.ts";
import type { Former } from "../../former.ts";
import { ORIGIN_KEY, dataFrom, encoded } from "../adoption.ts";
import { newSalt, signpost, successorOf } from "../renewal.ts";
import { stateOf } from "../state.ts";
import type { StoredKind } from "./stored.ts";
import { type Live, find } from "./stored-load.ts";

/**
 * Turns another library's session into one of ours. Under an id that follows from what its cookie proves stands a record
 * that leads to ours, as after a renewal: whoever adds it has adopted the session, all others are led. It outlives our
 * session and stands as long as the old cookie is read, so a session that has ended does not begin again.
 *
 * What several browsers can have leads nowhere: each request begins a session of its own, until one of them is ended.
 */
export async function adopt(kind: StoredKind, former: Former, until: number): Promise<Live | undefined> {
  const id = idOf(former);
  if (!(await kind.store.read(kind.ids.keyOf(id)))) {
    const begun = await (former.isUnique ? lead(kind, id, former, until) : begin(kind, id, former));
    if (begun !== undefined) return find(kind, { id: begun, current: false });
  }
  return find(kind, { id, current: false });
}

/** Puts an end to reading what an adopted session came from, and what else of the kind its last request brought. */
export async function bury(kind: StoredKind, session: object, formers: readonly Former[], until: number) {
  const origin = stateOf(session).hidden.get(ORIGIN_KEY);
  const keys = formers.map((former) => kind.ids.keyOf(idOf(former)));
  if (typeof origin === "string") keys.push(origin);
  for (const key of new Set(keys)) await kind.store.create(key, leadTo(kind, newSalt(), until));
}

/** The store knows but a hash of it, and no browser can present it: it has no signature of ours. */
function idOf({ identity }: Former): string {
  return createHmac("sha256", "flagon adopts").update(identity).digest("base64url");
}

function leadTo(kind: StoredKind, salt: string, until: number) {
  return { value: kind.codec.encode(signpost(kind.habits.begin(kind.clock.now()), salt)), expiresAt: until };
}

/** First our record, then the one that leads to it: whoever is led finds it. */
async function lead(kind: StoredKind, id: string, former: Former, until: number): Promise<string | undefined> {
  const salt = newSalt();
  const successor = successorOf(id, salt);
  const begun = await add(kind, successor, former);
  if (!begun) return undefined;
  if (await kind.store.create(kind.ids.keyOf(id), leadTo(kind, salt, until))) {
    await former.discard?.().catch((error: unknown) => report({ type: "failed", error }));
    return successor;
  }
  await kind.store.delete(kind.ids.keyOf(successor));
  return undefined;
}

/** A logout of another request that came before this record was added counts. */
async function begin(kind: StoredKind, id: string, former: Former): Promise<string | undefined> {
  const [own, origin] = [kind.ids.create(), kind.ids.keyOf(id)];
  if (!(await add(kind, own, former, origin))) return undefined;
  if (!(await kind.store.read(origin))) return own;
  await kind.store.delete(kind.ids.keyOf(own));
  return undefined;
}

/** Adds the record of our session; `false` where the former one is over or cannot be kept. */
async function add(kind: StoredKind, id: string, former: Former, origin?: string): Promise<boolean> {
  const content = await former.load();
  const now = kind.clock.now();
  const data = content && dataFrom(kind, content, now);
  if (!data) return false;
  if (origin !== undefined) data.set(ORIGIN_KEY, origin);
  const value = encoded(kind, data);
  return value !== undefined && kind.store.create(kind.ids.keyOf(id), { value, expiresAt: deadline(kind, data, now) });
}

function deadline({ habits }: StoredKind, data: Data, now: number): number {
  const permanent = data.get("_permanent") === true;
  const facts = { now, createdAt: now, permanent, isNew: true, modified: true, expiresAt: undefined };
  return habits.deadline({ ...facts, staleCookie: false });
}
