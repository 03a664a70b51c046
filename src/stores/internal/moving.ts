/**
 * What stands in a new store while a session is moved there.
 *
 * A claim says that one process is at it: until it becomes more, the old store has the session. A parcel is the session
 * itself, of which the old store may still have a copy. The first byte begins nothing that MessagePack or a text begins with.
 */
import { randomUUID } from "node:crypto";
import type { Entry } from "../../store.ts";

const CLAIM = Buffer.from("\u00c1flagon claims ", "latin1");
const PARCEL = Buffer.from("\u00c1flagon carries ", "latin1");

/** What an entry of the new store is. */
export type Standing = "nothing" | "claim" | "parcel" | "session";

export function standingOf(entry: Entry | undefined): Standing {
  if (!entry) return "nothing";
  if (startsWith(entry, CLAIM)) return "claim";
  return startsWith(entry, PARCEL) ? "parcel" : "session";
}

/** A claim that no other process can make. */
export function newClaim(expiresAt: number): Entry {
  return { value: Buffer.concat([CLAIM, Buffer.from(randomUUID())]), expiresAt };
}

export function parcelOf({ value, expiresAt }: Entry): Entry {
  return { value: Buffer.concat([PARCEL, value]), expiresAt };
}

/** The session in a parcel; a session is itself. */
export function unpacked(entry: Entry): Entry {
  if (!startsWith(entry, PARCEL)) return entry;
  return { value: entry.value.subarray(PARCEL.byteLength), expiresAt: entry.expiresAt };
}

function startsWith({ value }: Entry, mark: Buffer): boolean {
  return Buffer.compare(value.subarray(0, mark.byteLength), mark) === 0;
}
