import { type BinaryLike, type KeyObject, createHmac, timingSafeEqual } from "node:crypto";

/** A secret that cookies are signed with. */
export type Secret = BinaryLike | KeyObject;

/** What the cookie of express-session holds for an id: `s:` and the id, with HMAC-SHA256 in base64 behind the last dot. */
export function signId(id: string, secret: Secret): string {
  return `s:${id}.${macOf(id, secret)}`;
}

/** The id in a cookie that one of the secrets has signed; `undefined` for any other cookie. */
export function unsignId(value: string, secrets: readonly Secret[]): string | undefined {
  return value.startsWith("s:") ? unsign(value.slice(2), secrets) : undefined;
}

/** What stands before a signature as cookie-signature makes them, if one of the secrets has made it. */
export function unsign(signed: string, secrets: readonly Secret[], algorithm?: string): string | undefined {
  const dot = Math.max(signed.lastIndexOf("."), 0);
  const id = signed.slice(0, dot);
  const mac = Buffer.from(signed.slice(dot + 1));
  return secrets.some((secret) => isSame(mac, Buffer.from(macOf(id, secret, algorithm)))) ? id : undefined;
}

function macOf(id: string, secret: Secret, algorithm = "sha256"): string {
  return createHmac(algorithm, secret).update(id).digest("base64").replaceAll("=", "");
}

function isSame(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
