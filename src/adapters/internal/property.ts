import { SessionError } from "../../errors.ts";

/** The option that most adapters have. */
export interface Named<P extends string = string> {
  /** Under which name requests have the session: for an application with several. Default: `session`. */
  property?: P;
}

/** The option `property`, with its default. Throws `CONFIG` for a name that `host`, what has it, has already. */
export function checkedProperty(property = "session", host: object = {}): string {
  if (property !== "" && !(property in host)) return property;
  throw new SessionError("CONFIG", `property is '${property}'; give a name that no request has yet`);
}

/** What h3 itself puts in the context of an event. */
const OF_EVENTS = {
  basicAuth: {},
  clientAddress: "",
  matchedRoute: {},
  middlewareParams: {},
  params: {},
  routeRules: {},
  sessions: {},
  timing: [],
};

/** The option `property` for events of h3. */
export function checkedEventProperty(property: string | undefined): string {
  return checkedProperty(property, OF_EVENTS);
}
