/**
 * Reads what @fastify/secure-session 8 (tried with 8.4.0) left in browsers: JSON in a secretbox of libsodium, in base64,
 * and its nonce behind a semicolon. Node has no secretbox: whoever had that plugin has sodium-native, and gives it here.
 * Behind a dot there may be a signature (`signed: true`). It proves nothing that the box does not, and is not looked at.
 *
 * It may go when the last cookie has ended: `expiry` (86401 seconds, unless set) after the last process that made one has
 * ended; at the latest at `until` of `adopting`.
 */
import { SessionError } from "../errors.ts";
import type { FormerCookie, FormerReader } from "../former.ts";
import { objectIn, without } from "./internal/json.ts";
import { decodeValue } from "./internal/value.ts";

/** Opens a secretbox, as `nacl.secretbox.open` does: nothing, or an error, for one that the key has not made. */
export type OpenBox = (box: Uint8Array, nonce: Uint8Array, key: Uint8Array) => Uint8Array | null | undefined;

/** As the old application had them. */
export interface SecureSessionOptions extends Omit<FormerCookie, "name"> {
  open: OpenBox;
  /** The 32 bytes of the key, or all keys; a text is base64. What `secret` became is for sodium-native to tell. */
  key: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The plugin's `cookieName`, or else its `sessionName`. Default: `session`. */
  cookieName?: string;
  /** In seconds. Default: 86401. */
  expiry?: number;
  /** Whether the cookie had a `maxAge` or `expires`. Default: false. */
  permanent?: boolean;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 24;
const MAC_BYTES = 16;
/** When the session was last changed, in epoch seconds. */
const CHANGED_AT = "__ts";

/** The reader of the cookies of @fastify/secure-session. Throws `CONFIG` for keys that are none. */
export function secureSession(options: SecureSessionOptions): FormerReader {
  const { open, key, cookieName = "session", expiry = 86_401, permanent = false, ...attributes } = options;
  const keys = keysOf(key);
  if (typeof open !== "function") throw new SessionError("CONFIG", "open has to be a function that opens a secretbox");
  return {
    cookie: { name: cookieName, ...attributes },
    async read(value, now) {
      const [box, nonce, ...rest] = boxIn(decodeValue(value)).split(";").map(fromBase64);
      if (!box || !nonce || rest.length > 0) return "the cookie of @fastify/secure-session is no secretbox";
      const bytes = opened(open, box, nonce, keys);
      if (!bytes) return "the cookie of @fastify/secure-session is sealed by no key that is known";
      const content = objectIn(Buffer.from(bytes).toString("utf8"));
      if (!content || !isLive(content[CHANGED_AT], expiry, now))
        return "the session of @fastify/secure-session has ended";
      const data = without(content, [CHANGED_AT]);
      const identity = Buffer.concat([nonce, box]).toString("base64url");
      return { identity, isUnique: true, load: () => Promise.resolve({ data, permanent }) };
    },
  };
}

/** What stands before a signature. */
function boxIn(text: string): string {
  const [box = ""] = text.split(".");
  return box;
}

function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, "base64");
}

function opened(
  open: OpenBox,
  box: Uint8Array,
  nonce: Uint8Array,
  keys: readonly Uint8Array[],
): Uint8Array | undefined {
  if (nonce.byteLength !== NONCE_BYTES || box.byteLength < MAC_BYTES) return undefined;
  for (const key of keys) {
    try {
      const bytes = open(box, nonce, key);
      if (bytes) return bytes;
    } catch {
      // Some libraries throw for a box of another key.
    }
  }
  return undefined;
}

function isLive(changedAt: unknown, expiry: number, now: number): boolean {
  return typeof changedAt === "number" && (changedAt + expiry) * 1000 > now;
}

function keysOf(key: SecureSessionOptions["key"]): Uint8Array[] {
  const given = Array.isArray(key) ? (key as readonly (string | Uint8Array)[]) : [key as string | Uint8Array];
  const keys = given.map((one) => (typeof one === "string" ? fromBase64(one) : one));
  if (keys.length > 0 && keys.every((one) => one instanceof Uint8Array && one.byteLength === KEY_BYTES)) return keys;
  throw new SessionError("CONFIG", `key has to be the old application's, of ${KEY_BYTES} bytes, or a list of such`);
}
