import { createCipheriv, createDecipheriv, createHash, createSecretKey, hkdfSync, randomBytes } from "node:crypto";
import type { KeyObject } from "node:crypto";

/** What was found under a seal. */
export interface Unsealed {
  bytes: Uint8Array;
  /** Whether the current key sealed it; if not, seal anew. */
  current: boolean;
}

/** Encrypts bytes so that a change of a single bit is noticed. */
export interface Sealer {
  seal(bytes: Uint8Array): Uint8Array;
  /** `undefined` when no key of ours sealed it for this purpose. */
  unseal(sealed: Uint8Array): Unsealed | undefined;
}

const VERSION = 1;
const ID_BYTES = 4;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + ID_BYTES + NONCE_BYTES;

/**
 * Seals with AES-256-GCM: `version(1) key-id(4) nonce(12) ciphertext tag(16)`.
 *
 * Each purpose has a key of its own (HKDF-SHA-256, RFC 5869). The nonce is random, so one key should seal fewer than
 * 2^32 messages (NIST SP 800-38D section 8.3); rotate the keys long before.
 */
export function aesSealer(keys: readonly [Uint8Array, ...Uint8Array[]], purpose: string): Sealer {
  const derived = keys.map((secret) => derive(secret, purpose));
  const [current] = derived as [Derived, ...Derived[]];
  const bound = Buffer.from(purpose, "utf8");

  return {
    seal(bytes) {
      const head = Buffer.concat([Buffer.of(VERSION), current.id, randomBytes(NONCE_BYTES)]);
      const cipher = createCipheriv("aes-256-gcm", current.key, head.subarray(1 + ID_BYTES));
      cipher.setAAD(Buffer.concat([head, bound]));
      return Buffer.concat([head, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
    },
    unseal(sealed) {
      if (sealed.byteLength < HEAD_BYTES + TAG_BYTES || sealed[0] !== VERSION) return undefined;
      const head = Buffer.from(sealed.subarray(0, HEAD_BYTES));
      const found = derived.find(({ id }) => id.equals(head.subarray(1, 1 + ID_BYTES)));
      if (!found) return undefined;
      const decipher = createDecipheriv("aes-256-gcm", found.key, head.subarray(1 + ID_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.concat([head, bound]));
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      try {
        const bytes = Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final()]);
        return { bytes, current: found === current };
      } catch {
        return undefined;
      }
    },
  };
}

interface Derived {
  id: Buffer;
  key: KeyObject;
}

function derive(secret: Uint8Array, purpose: string): Derived {
  const key = Buffer.from(hkdfSync("sha256", secret, Buffer.alloc(0), `flagon seal ${purpose}`, 32));
  return { id: createHash("sha256").update(key).digest().subarray(0, ID_BYTES), key: createSecretKey(key) };
}
