import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { SessionError } from "../../errors.ts";

/** The option that some adapters have. */
export interface Named {
  /** Under which name requests have the session: for an application with several. Default: `session`. */
  property?: string;
}

/** The option `property`, with its default. Throws `CONFIG` for a name that requests of Node have already. */
export function checkedProperty(property = "session"): string {
  if (property !== "" && !(property in new IncomingMessage(new Socket()))) return property;
  throw new SessionError("CONFIG", `property is '${property}'; give a name that no request has yet`);
}
