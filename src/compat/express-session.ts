/**
 * Reads the sessions of express-session 1 (tried with 1.19.0): an id signed by cookie-signature in `connect.sid`, and its
 * record in the old application's store, from which it is removed when it was adopted.
 *
 * It may go when the last record has ended: `cookie.maxAge` after the last process that wrote one has ended; at the latest
 * at `until` of `adopting`. Who would rather keep the old cookies and records has `flagon/express-session`.
 */
import type { FormerCookie, FormerReader } from "../former.ts";
import { type Secret, unsignId } from "./express-session/signature.ts";
import { checkSecrets, listed } from "./internal/keys.ts";
import { type RecordStore, checkRecordStore, recordOf } from "./internal/records.ts";
import { decodeValue } from "./internal/value.ts";

/** As the old application had them. */
export interface ExpressSessionOptions extends Omit<FormerCookie, "name"> {
  /** The secret, or all of them. */
  secret: Secret | readonly Secret[];
  store: RecordStore;
  /** Default: `connect.sid`. */
  name?: string;
}

/** The reader of express-session's cookies. Throws `CONFIG` without a secret or a store. */
export function expressSession(options: ExpressSessionOptions): FormerReader {
  const { name = "connect.sid", secret, store, ...attributes } = options;
  const secrets = listed(secret);
  checkSecrets("secret", secrets);
  checkRecordStore(store);
  return {
    cookie: { name, ...attributes },
    async read(value, now) {
      const id = unsignId(decodeValue(value), secrets);
      return id === undefined || id === ""
        ? "the cookie of express-session is not signed by a secret that is known"
        : recordOf(store, id, now);
    },
  };
}
