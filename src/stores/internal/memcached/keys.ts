import { createHash } from "node:crypto";

/** What memcached takes for a key: up to 250 characters, none of them a blank or a control. */
const KEY = /^[\x21-\x7e]{1,250}$/;

/** Whether a text can be an item's key as it is. */
export function isKey(text: string): boolean {
  return KEY.test(text);
}

/** The key of an item: the text itself or, where memcached would not take that, a hash of it. */
export function keyOf(text: string): string {
  return isKey(text) ? text : `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
