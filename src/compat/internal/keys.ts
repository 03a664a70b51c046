import { createHmac } from "node:crypto";
import { SessionError } from "../../errors.ts";
import type { Secret } from "../express-session/signature.ts";

/** One secret as a list of one. */
export function listed(secret: Secret | readonly Secret[]): readonly Secret[] {
  return Array.isArray(secret) ? (secret as readonly Secret[]) : [secret as Secret];
}

/** Throws `CONFIG` for a list without secrets that a MAC can be made with: nothing would be read, and everybody logged out. */
export function checkSecrets(option: string, secrets: readonly Secret[], algorithm = "sha256"): void {
  try {
    if (Array.isArray(secrets) && secrets.length > 0 && secrets.every((secret) => isMade(secret, algorithm))) return;
  } catch (cause) {
    throw new SessionError("CONFIG", `${option} and algorithm make no signature; give the old application's`, {
      cause,
    });
  }
  throw new SessionError("CONFIG", `${option} has to be the old application's, a text or bytes, or a list of such`);
}

function isMade(secret: Secret, algorithm: string): boolean {
  return secret !== "" && createHmac(algorithm, secret).digest().byteLength > 0;
}
