import type { IncomingMessage, ServerResponse } from "node:http";
import { warnOnce } from "../../events.ts";
import { visitOf } from "./visit.ts";

/** What an application did to have the middleware, and how it does so once, for the warnings. */
export interface Mount {
  use: string;
  mend: string;
  /** Under which name requests have their session. Default: `session`. */
  property?: string | undefined;
}

const BY_USE: Mount = { use: "session()", mend: "app.use it" };

/** Whether middleware can do nothing any more for a request, of which it warns once. */
export function comesTooLate(request: IncomingMessage, response: ServerResponse, mount: Mount = BY_USE): boolean {
  const isTwice = visitOf(request, mount.property) !== undefined;
  if (isTwice) {
    const { use, mend } = mount;
    warnOnce("FLAGON_TWICE", `${use} is used twice for one request and the second does nothing; ${mend} once`);
  }
  return isTwice || hasBegun(response, mount);
}

/** Whether the first byte of a response has left already, of which it warns once. */
export function hasBegun({ headersSent }: ServerResponse, { use, mend }: Mount = { use: "session()", mend: "use it" }) {
  if (headersSent) {
    warnOnce("FLAGON_BEGUN", `${use} came after the response had begun and does nothing; ${mend} earlier`);
  }
  return headersSent;
}
