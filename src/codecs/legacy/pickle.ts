/**
 * Reads what Python pickled, to move it elsewhere: Flask-Session before 0.7, and the files of `SESSION_TYPE` `filesystem`
 * and `cachelib`. It may go once nobody has such sessions any more.
 */
import { SessionError } from "../../errors.ts";
import { type Codec, type Data, dataOf } from "../codec.ts";
import { UnreadablePickle } from "./nodes.ts";
import { plainOf } from "./plain.ts";
import { unpickle } from "./unpickler.ts";

/**
 * Reads pickles of plain data, protocols 0 to 5, and writes none.
 *
 * Nothing in a pickle is executed, imported or looked up. Besides Python's own plain types it may hold datetimes, dates,
 * times, timedeltas, Decimals, UUIDs, Markup, OrderedDicts and defaultdicts. A set comes as an array; a datetime without a
 * zone, a date, a time, a timedelta and a Decimal come as the text that Flask-Session's entries have for them. For
 * anything else, for a value that contains itself, and for damaged bytes `decode` throws an error of the name
 * `UnreadablePickle`, which names the class and tells no data.
 */
export const pickle: Codec = {
  /** Throws `CONFIG`: pickles are never written. */
  encode() {
    throw new SessionError("CONFIG", "pickles are only read; write msgpack or json");
  },
  decode: (bytes) => rootOf(plainOf(unpickle(bytes))),
};

function rootOf(root: unknown): Data | undefined {
  try {
    return dataOf(root);
  } catch {
    throw new UnreadablePickle("a pickle holds no dict");
  }
}
