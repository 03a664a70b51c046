import type { IncomingMessage, ServerResponse } from "node:http";
import { warnOnce } from "../../events.ts";
import { visitOf } from "./visit.ts";

/** Whether middleware can do nothing any more for a request, of which it warns once. */
export function comesTooLate(request: IncomingMessage, response: ServerResponse): boolean {
  const isTwice = visitOf(request) !== undefined;
  if (isTwice) {
    warnOnce("FLAGON_TWICE", "session() is used twice for one request and the second does nothing; app.use it once");
  }
  return isTwice || hasBegun(response);
}

/** Whether the first byte of a response has left already, of which it warns once. */
export function hasBegun({ headersSent }: ServerResponse): boolean {
  if (headersSent) {
    warnOnce("FLAGON_BEGUN", "session() came after the response had begun and does nothing; use it earlier");
  }
  return headersSent;
}
