import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { checkedProperty } from "./property.ts";

/** The option `property` for requests of Node. Throws `CONFIG` for a name that they have already, or that is `taken`. */
export function checkedNodeProperty(property: string | undefined, taken?: string): string {
  return checkedProperty(property, taken, new IncomingMessage(new Socket()));
}
