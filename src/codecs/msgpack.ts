import { type Codec, dataOf } from "./codec.ts";
import { readMsgpack } from "./msgpack-reader.ts";
import { writeMsgpack } from "./msgpack-writer.ts";

/**
 * MessagePack exactly as msgspec writes it, so the bytes are Flask-Session's.
 *
 * Text, numbers, bigints to 64 bits, booleans, null, bytes, dates, arrays and objects come back as they were, and so
 * does a `Map` with keys that are no text. With `lossy`, as in Python, a `Tuple` becomes an array and a `Uuid` its text;
 * without, they are refused.
 */
export function msgpack(options: { lossy?: boolean } = {}): Codec {
  const lossy = options.lossy === true;
  return {
    encode: (data) => writeMsgpack(data, lossy),
    decode: (bytes) => dataOf(readMsgpack(bytes)),
  };
}
