import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { warnOnce } from "../../events.ts";

/** What tells whether a browser came by https. */
export interface Connection {
  /** Whether the connection to us is one. */
  secure: boolean;
  /** The header that a proxy sets. */
  forwardedProto: string | undefined;
  /** Whether the header is to be believed. */
  trustProxy: boolean;
  /** How to have it believed, for the warning. Default: the option `trustProxy`. */
  mend?: string;
}

const MEND = "set trustProxy: true where a proxy is always in front of the server";

/** What proxies call it; some the upgrade of a WebSocket so. */
const HTTPS: ReadonlySet<string | undefined> = new Set(["https", "wss"]);

/** Whether the browser came by https, as far as a trusted proxy or the connection tells. The first of several counts. */
export function cameByHttps({ secure, forwardedProto, trustProxy, mend = MEND }: Connection): boolean {
  if (forwardedProto === undefined) return secure;
  const forwarded = HTTPS.has(forwardedProto.split(",", 1)[0]?.trim().toLowerCase());
  if (trustProxy) return forwarded;
  if (forwarded && !secure) {
    warnOnce("FLAGON_PROXY", `a proxy says https but is not trusted, so the session cookie lacks Secure; ${mend}`);
  }
  return secure;
}

/** Whether the connection that a request came by is encrypted itself. */
export function isEncrypted({ socket }: IncomingMessage): boolean {
  return (socket as Partial<TLSSocket>).encrypted === true;
}
