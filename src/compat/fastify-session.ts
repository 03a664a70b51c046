/**
 * Reads the sessions of @fastify/session 11 (tried with 11.1.3): an id signed by @fastify/cookie in `sessionId`, and its
 * record in the old application's store, from which it is removed when it was adopted.
 *
 * It may go when the last record has ended: `cookie.maxAge` after the last process that wrote one has ended; at the latest
 * at `until` of `adopting`.
 */
import type { FormerCookie, FormerReader } from "../former.ts";
import { type Secret, unsign } from "./express-session/signature.ts";
import { checkSecrets, listed } from "./internal/keys.ts";
import { type RecordStore, checkRecordStore, recordOf } from "./internal/records.ts";
import { decodeValue } from "./internal/value.ts";

/** What the application itself signed by, in the place of a secret. */
interface FastifySigner {
  unsign(signed: string): { valid: boolean; value: string | null };
}

/** As the old application had them. */
export interface FastifySessionOptions extends Omit<FormerCookie, "name"> {
  /** The secret, or all of them; or the signer that was given in its place. */
  secret: Secret | readonly Secret[] | FastifySigner;
  store: RecordStore;
  /** Default: `sessionId`. */
  cookieName?: string;
  /** Default: none. */
  cookiePrefix?: string;
  /** Default: `sha256`. */
  algorithm?: string;
}

/** The reader of the cookies of @fastify/session. Throws `CONFIG` without a secret or a store. */
export function fastifySession(options: FastifySessionOptions): FormerReader {
  const { cookieName = "sessionId", cookiePrefix = "", algorithm, secret, store, ...attributes } = options;
  const idIn = isSigner(secret) ? bySigner(secret) : bySecrets(listed(secret), algorithm);
  checkRecordStore(store);
  return {
    cookie: { name: cookieName, ...attributes },
    async read(value, now) {
      const text = decodeValue(value);
      const signed = text.startsWith(cookiePrefix) ? text.slice(cookiePrefix.length) : "";
      const id = idIn(signed);
      return id === undefined || id === ""
        ? "the cookie of @fastify/session is not signed by a secret that is known"
        : recordOf(store, id, now);
    },
  };
}

function bySecrets(secrets: readonly Secret[], algorithm: string | undefined) {
  checkSecrets("secret", secrets, algorithm);
  return (signed: string) => unsign(signed, secrets, algorithm);
}

function isSigner(secret: FastifySessionOptions["secret"]): secret is FastifySigner {
  return typeof (secret as Partial<FastifySigner> | undefined)?.unsign === "function";
}

function bySigner(signer: FastifySigner) {
  return (signed: string): string | undefined => {
    try {
      const { valid, value } = signer.unsign(signed);
      return valid ? (value ?? undefined) : undefined;
    } catch {
      // It may not have been made for what a browser can send.
      return undefined;
    }
  };
}
