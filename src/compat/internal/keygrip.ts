import { createHmac } from "node:crypto";
import { sameSecret } from "../../crypto/bytes.ts";
import type { Secret } from "../express-session/signature.ts";
import { checkSecrets } from "./keys.ts";

/** What the second cookie of a signed pair ends in. */
export const SIGNATURE_SUFFIX = ".sig";

/** How keygrip signs: the defaults of it, unless an application gave a Keygrip of its own making. */
export interface KeygripOptions {
  /** All keys that may have signed a cookie that is still about. */
  keys: readonly Secret[];
  /** Default: `sha1`. */
  algorithm?: string;
  /** Default: `base64`; keygrip makes it URL-safe. */
  encoding?: "base64" | "hex";
}

/** Whether keygrip 1 signed a cookie, with any of its keys and by any of the signatures that came with it. */
export function keygrip({ keys, algorithm = "sha1", encoding = "base64" }: KeygripOptions) {
  checkSecrets("keys", keys, algorithm);
  const digest = encoding === "hex" ? "hex" : "base64url";
  return (name: string, value: string, signatures: readonly string[]): boolean => {
    const good = keys.map((key) => createHmac(algorithm, key).update(`${name}=${value}`).digest(digest));
    return signatures.some((signature) => good.some((one) => sameSecret(one, signature)));
  };
}
