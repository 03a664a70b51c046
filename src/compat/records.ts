/**
 * Reads the records of other libraries, and makes ours of them.
 *
 * - `express-session`: the JSON of express-session 1, as connect-redis, connect-pg-simple, connect-mongo and
 *   session-file-store keep it. The cookie's settings go; `_permanent` tells whether it had an age.
 * - `flask-msgpack`, `flask-json`: Flask-Session 0.8. `flask-pickle`: what came before, as plain data; nothing is executed.
 *
 * It may go once nobody comes from there any more.
 */
import { type Codec, type Data, dataOf } from "../codecs/codec.ts";
import { json } from "../codecs/json.ts";
import { pickle } from "../codecs/legacy/pickle.ts";
import { msgpack } from "../codecs/msgpack.ts";
import { SessionError } from "../errors.ts";
import type { Entry } from "../store.ts";

/** Whose records are read. */
export type RecordFormat = "express-session" | "flask-msgpack" | "flask-json" | "flask-pickle";

/** How our record is written. */
export interface RecordOptions {
  /**
   * When a session began whose record does not tell, in epoch milliseconds: the absolute timeout counts from here. One
   * instant for all, so that a record gives the same bytes each time.
   */
  createdAt: number;
  /** The `codec` of the sessions that will read it. Default `'msgpack'`. */
  codec?: "msgpack" | "json";
}

/** What a record holds, and when it began, if it tells. */
interface Reading {
  data: Data;
  createdAt?: number;
}

/** Python's own types become what msgspec makes of them. */
const CODECS = { msgpack: msgpack({ lossy: true }), json: json({ lossy: true }) };

const READERS: Readonly<Record<RecordFormat, (bytes: Uint8Array) => Reading>> = {
  "express-session": readExpress,
  "flask-msgpack": (bytes) => readFlask(CODECS.msgpack.decode, bytes),
  "flask-json": (bytes) => readFlask(CODECS.json.decode, bytes),
  // cachelib's Redis cache puts a mark before it.
  "flask-pickle": (bytes) => readFlask(pickle.decode, bytes[0] === MARK ? bytes.subarray(1) : bytes),
};

/** What express-session and session-file-store keep beside the data. */
const THEIRS = ["cookie", "__lastAccess"];
const MARK = "!".charCodeAt(0);
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The names of the formats. */
export const RECORD_FORMATS = Object.keys(READERS) as readonly RecordFormat[];

/**
 * Makes our record of another library's; the deadline stays. What it returns throws for what cannot be read.
 *
 * Throws `CONFIG` for an unknown format or codec.
 */
export function recordsFrom(
  format: RecordFormat,
  { createdAt, codec = "msgpack" }: RecordOptions,
): (entry: Entry) => Entry {
  const read = Object.hasOwn(READERS, format) ? READERS[format] : refuse("format", format, RECORD_FORMATS);
  const ours = Object.hasOwn(CODECS, codec) ? CODECS[codec] : refuse("codec", codec, Object.keys(CODECS));
  return ({ value, expiresAt }) => {
    const { data, createdAt: told = createdAt } = read(value);
    return { value: ours.encode(new Map([...data, ["_createdAt", told]])), expiresAt };
  };
}

function refuse(option: string, given: unknown, known: readonly string[]): never {
  throw new SessionError("CONFIG", `${option} is ${String(given)}; give one of ${known.join(", ")}`);
}

function readFlask(decode: Codec["decode"], bytes: Uint8Array): Reading {
  const data = decode(bytes);
  if (!data) throw new TypeError("the record holds no session");
  return { data };
}

function readExpress(bytes: Uint8Array): Reading {
  // As express-session itself reads it: numbers of any size are JavaScript's.
  const data = dataOf(JSON.parse(UTF8.decode(bytes)));
  const cookie = data?.get("cookie");
  if (!data || typeof cookie !== "object" || cookie === null) throw new TypeError("the record has no cookie");
  for (const key of THEIRS) data.delete(key);
  const { originalMaxAge: age, expires } = cookie as { originalMaxAge?: unknown; expires?: unknown };
  if (typeof age !== "number") return { data };
  data.set("_permanent", true);
  const createdAt = typeof expires === "string" ? Math.round(Date.parse(expires) - age) : Number.NaN;
  return createdAt > 0 ? { data, createdAt } : { data };
}
