import { type ScryptOptions, randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** OWASP's choice for scrypt with 16 MiB of memory. */
const COST: ScryptOptions = { N: 2 ** 14, r: 8, p: 5 };

/** Salt and hash as one text, to be kept in the place of the password. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16).toString("base64url");
  const hash = await derive(password, salt);
  return `${salt}.${hash.toString("base64url")}`;
}

/** Whether a password is the one that was hashed. Compares in constant time. */
export async function isPassword(password: string, hashed: string): Promise<boolean> {
  const [salt = "", hash = ""] = hashed.split(".");
  return timingSafeEqual(await derive(password, salt), Buffer.from(hash, "base64url"));
}

function derive(password: string, salt: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 32, COST, (error, key) => (error ? reject(error) : resolve(key)));
  });
}
