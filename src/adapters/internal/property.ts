import { SessionError } from "../../errors.ts";

/** The option that most adapters have. */
export interface Named<P extends string = string> {
  /** Under which name requests have the session: for an application with several. Default: `session`. */
  property?: P;
}

/** The option `property`, with its default. Throws `CONFIG` for a name that is among `taken`, or in `host`. */
export function checkedProperty(property = "session", taken = "", host: object = {}): string {
  if (property !== "" && !taken.split(" ").includes(property) && !(property in host)) return property;
  throw new SessionError("CONFIG", `property is '${property}'; give a name that no request has yet`);
}
