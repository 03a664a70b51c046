import { type Codec, dataOf } from "../codecs/codec.ts";
import { readJson } from "../codecs/json-reader.ts";
import { json } from "../codecs/json.ts";
import { pickle } from "../codecs/legacy/pickle.ts";
import { msgpack } from "../codecs/msgpack.ts";

const FORMATS = { msgpack: msgpack({ lossy: true }), json: json({ lossy: true }) };

/** What Python wrote before: pickles, or the text of cachelib's `JSONSerializer`. */
export type Former = "pickle" | "json";

/** Puts cachelib's Redis cache before a pickle. */
const MARK = "!".charCodeAt(0);
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The readers of what Python wrote before. */
export const FORMERS: Readonly<Record<Former, Codec["decode"]>> = {
  pickle: (bytes) => pickle.decode(bytes[0] === MARK ? bytes.subarray(1) : bytes),
  json: (bytes) => dataOf(readJson(UTF8.decode(bytes), { forgiving: true })),
};

/**
 * Flask-Session's serializer: writes one format and reads both. Where Python would go on to unpickle, it throws, or reads
 * what it was told that Python wrote before: bytes from a store never decide what runs.
 */
export function entryCodec(format: "msgpack" | "json", former?: Former): Codec {
  const own = FORMATS[format];
  const other = FORMATS[format === "json" ? "msgpack" : "json"];
  const readers = [own.decode, other.decode, ...(former ? [FORMERS[former]] : [])];
  return {
    encode: (data) => own.encode(data),
    decode: (bytes) => (bytes.byteLength === 0 ? undefined : firstOf(readers, bytes)),
  };
}

function firstOf(readers: readonly Codec["decode"][], bytes: Uint8Array): ReturnType<Codec["decode"]> {
  const [read, ...others] = readers;
  try {
    return read?.(bytes);
  } catch (error) {
    // What is well formed but no session, or no text, ends the search in Python as well.
    if (error instanceof TypeError || others.length === 0) throw error;
    return firstOf(others, bytes);
  }
}
