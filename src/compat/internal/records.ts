import { type ConnectStore, ask, isAbsence } from "../../connect-store.ts";
import { SessionError } from "../../errors.ts";
import type { Former, FormerContent } from "../../former.ts";
import { isObject, without } from "./json.ts";

/** What is asked of the old application's store. */
export type RecordStore = Pick<ConnectStore, "get" | "destroy">;

/** Throws `CONFIG` for what is no store. */
export function checkRecordStore(store: unknown): void {
  const { get, destroy } = (store ?? {}) as Partial<RecordStore>;
  if (typeof get === "function" && typeof destroy === "function") return;
  throw new SessionError("CONFIG", "store is none that has get and destroy; give the one that the old application had");
}

/** The session whose record a store for express-session has under an id. */
export function recordOf(store: RecordStore, id: string, now: number): Former {
  return {
    identity: id,
    isUnique: true,
    load: async () => contentOf(await ask(store, "get", id).catch(absent), now),
    discard: () => ask(store, "destroy", id),
  };
}

function absent(error: unknown): undefined {
  if (!isAbsence(error)) throw error;
}

/** What no application put there. */
const BOOKKEEPING = ["cookie", "sessionId", "encryptedSessionId"];

function contentOf(record: unknown, now: number): FormerContent | undefined {
  if (!isObject(record) || !isObject(record["cookie"])) return undefined;
  const { originalExpires, expires } = record["cookie"] as Record<string, string | Date | null | undefined>;
  const end = originalExpires ?? expires;
  // An end that nobody understands is past.
  if (end && !(new Date(end).getTime() > now)) return undefined;
  return { data: without(record, BOOKKEEPING), permanent: Boolean(end) };
}
