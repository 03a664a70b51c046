import { type BinaryLike, type KeyObject, createHmac, timingSafeEqual } from "node:crypto";

/** A secret that cookies are signed with. */
export type Secret = BinaryLike | KeyObject;

/** What the cookie of express-session holds for an id: `s:` and the id, with HMAC-SHA256 in base64 behind the last dot. */
export function signId(id: string, secret: Secret): string {
  return `s:${id}.${macOf(id, secret)}`;
}

/** The id in a cookie that one of the secrets has signed; `undefined` for any other cookie. */
export function unsignId(value: string, secrets: readonly Secret[]): string | undefined {
  if (!value.startsWith("s:")) return undefined;
  const dot = Math.max(value.lastIndexOf("."), 2);
  const id = value.slice(2, dot);
  const mac = Buffer.from(value.slice(dot + 1));
  return secrets.some((secret) => isSame(mac, Buffer.from(macOf(id, secret)))) ? id : undefined;
}

function macOf(id: string, secret: Secret): string {
  return createHmac("sha256", secret).update(id).digest("base64").replaceAll("=", "");
}

function isSame(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
