import type { Codec } from "../codecs/codec.ts";
import { json } from "../codecs/json.ts";
import { msgpack } from "../codecs/msgpack.ts";

const FORMATS = { msgpack: msgpack({ lossy: true }), json: json({ lossy: true }) };

/**
 * Flask-Session's serializer: writes one format and reads both. Where Python would go on to unpickle, it throws: bytes
 * from a store never decide what code runs.
 */
export function entryCodec(format: "msgpack" | "json"): Codec {
  const own = FORMATS[format];
  const other = FORMATS[format === "json" ? "msgpack" : "json"];
  return {
    encode: (data) => own.encode(data),
    decode(bytes) {
      if (bytes.byteLength === 0) return undefined;
      try {
        return own.decode(bytes);
      } catch (error) {
        // What is well formed but no session, or no text, ends the search in Python as well.
        if (error instanceof TypeError) throw error;
        return other.decode(bytes);
      }
    },
  };
}
