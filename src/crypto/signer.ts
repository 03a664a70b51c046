import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { sameSecret } from "./bytes.ts";

/** What a signature was found on. */
export interface Unsigned {
  text: string;
  /** Whether the current key made it; if not, sign anew. */
  current: boolean;
}

/** Puts a signature behind a text, and takes it off again. */
export interface Signer {
  /** `text.signature`. */
  sign(text: string): string;
  /** The text before the last dot; `undefined` when no key of ours signed it. */
  unsign(signed: string): Unsigned | undefined;
}

/** How itsdangerous signs: the key of a purpose is derived from the secret by an HMAC of its salt. */
export interface SignerOptions {
  /** The secrets; the first signs, all verify. */
  keys: readonly [Uint8Array, ...Uint8Array[]];
  /** The purpose: a signature of one is none of another. */
  salt: string;
  /** Flask's is SHA-1. */
  digest: "sha1" | "sha256";
}

/** Signs as itsdangerous' `Signer(key_derivation="hmac")` does: `text.base64url(HMAC(HMAC(secret, salt), text))`. */
export function hmacSigner({ keys, salt, digest }: SignerOptions): Signer {
  const derived = keys.map((key) => createSecretKey(createHmac(digest, key).update(salt).digest()));
  const [current] = derived as [KeyObject, ...KeyObject[]];
  const signature = (key: KeyObject, text: string) => createHmac(digest, key).update(text, "utf8").digest("base64url");

  return {
    sign: (text) => `${text}.${signature(current, text)}`,
    unsign(signed) {
      const dot = signed.lastIndexOf(".");
      if (dot < 0) return undefined;
      const [text, given] = [signed.slice(0, dot), signed.slice(dot + 1)];
      const key = derived.find((candidate) => sameSecret(signature(candidate, text), given));
      return key && { text, current: key === current };
    },
  };
}
