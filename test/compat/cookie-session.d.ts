/** cookie-session has no types of its own; this much of it is used here. */
declare module "cookie-session" {
  import type { IncomingMessage, ServerResponse } from "node:http";
  interface Options {
    name?: string;
    keys: readonly string[];
    maxAge?: number;
    domain?: string;
    path?: string;
  }
  function cookieSession(options: Options): (req: IncomingMessage, res: ServerResponse, next: () => void) => void;
  export = cookieSession;
}
