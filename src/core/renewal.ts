import { createHmac } from "node:crypto";
import type { Data } from "../codecs/codec.ts";
import { randomId } from "./id.ts";

/** When the id was made, in epoch milliseconds; absent while it is the one that the session began with. */
const RENEWED_AT = "_renewedAt";
/** The store's key of the record that leads here, until the browser has shown the new id. */
const FORMER = "_formerKey";
/** In a record that leads to another: what the former id is turned into the new one with. */
const SIGNPOST = "_movedBy";
const SALT_BYTES = 32;

/** Once the browser has shown its new id, the former one is followed for so many milliseconds: for requests on the way. */
export const GRACE = 10_000;

/** How often a session changes its id by itself. */
export interface Renewal {
  /** Milliseconds; `Infinity`: never. */
  readonly every: number;
}

/** The keys of a record that no application sees. */
export const RENEWAL_KEYS: readonly unknown[] = [RENEWED_AT, FORMER, SIGNPOST];

/** Whether an id has served its time. */
export function isRenewalDue({ every }: Renewal, bookkeeping: Data, createdAt: number, now: number): boolean {
  const renewedAt = bookkeeping.get(RENEWED_AT);
  return now - (typeof renewedAt === "number" ? renewedAt : createdAt) >= every;
}

/** Notes in the data of a session that it has a new id, and which record leads to it, if one does. */
export function noteRenewal(bookkeeping: Data, now: number, formerKey?: string): void {
  bookkeeping.set(RENEWED_AT, now);
  if (formerKey === undefined) bookkeeping.delete(FORMER);
  else bookkeeping.set(FORMER, formerKey);
}

/** The key of the record that still leads to a session, which is forgotten with that. */
export function takeFormerKey(bookkeeping: Data): string | undefined {
  const key = bookkeeping.get(FORMER);
  bookkeeping.delete(FORMER);
  return typeof key === "string" ? key : undefined;
}

/** Data that leads from a former id to the new one, for whoever has the former: a store alone tells neither. */
export function signpost(former: Data, salt: string): Data {
  const kept = [...former].filter(([key]) => key === "_createdAt");
  return new Map<unknown, unknown>([...kept, [SIGNPOST, salt]]);
}

/** What `successorOf` needs, where data leads to another id. */
export function saltIn(data: Data): string | undefined {
  const salt = data.get(SIGNPOST);
  return typeof salt === "string" ? salt : undefined;
}

export function newSalt(): string {
  return randomId(SALT_BYTES);
}

/** The id that took the place of another: nobody can tell it who lacks either the former or the salt. */
export function successorOf(id: string, salt: string): string {
  return createHmac("sha256", id).update(salt).digest("base64url");
}
