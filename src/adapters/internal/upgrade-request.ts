import type { OpenRequest } from "../../core/interface.ts";
import { cameByHttps } from "./secure.ts";

/**
 * What is looked at in a request: one of Node (that of an upgrade, Socket.IO's `socket.request`), a `Request`, or headers
 * alone.
 */
export interface UpgradeRequest {
  readonly headers: Pick<Headers, "get"> | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Of a `Request`. */
  readonly url?: string | undefined;
  /** Of a request of Node. */
  readonly socket?: object;
}

export function openRequestOf(request: UpgradeRequest, trustProxy: boolean): OpenRequest {
  return {
    cookie: headerOf(request, "cookie"),
    secure: cameByHttps({
      secure: isSecure(request),
      forwardedProto: headerOf(request, "x-forwarded-proto"),
      trustProxy,
    }),
  };
}

/** The URL of a request of Node is what its sender wrote. */
function isSecure({ headers, url, socket }: UpgradeRequest): boolean {
  return isWeb(headers) ? /^(https|wss):/.test(url ?? "") : (socket as { encrypted?: unknown })?.encrypted === true;
}

function headerOf({ headers }: UpgradeRequest, name: string): string | undefined {
  if (isWeb(headers)) return headers.get(name) ?? undefined;
  const value = headers[name];
  return typeof value === "object" ? value.join("; ") : value;
}

function isWeb(headers: UpgradeRequest["headers"]): headers is Pick<Headers, "get"> {
  return typeof headers["get"] === "function";
}
