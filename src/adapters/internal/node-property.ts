import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { checkedProperty } from "./property.ts";

/** The option `property` for requests of Node. Throws `CONFIG` for a name that they have already. */
export function checkedNodeProperty(property: string | undefined): string {
  return checkedProperty(property, new IncomingMessage(new Socket()));
}
