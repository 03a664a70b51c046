/** The header fields of a response, as far as a save touches them. Names are given in lower case. */
export interface ResponseHeaders {
  /** All fields of a name, joined by commas; `undefined` when there is none. */
  get(name: string): string | undefined;
  /** Puts one field in place of all of that name. */
  set(name: string, value: string): void;
  /** Adds a field of its own. */
  append(name: string, value: string): void;
}

/**
 * Merges what a save returned into a response: `Set-Cookie` is added, `Vary` gets what it lacks, and `Cache-Control`
 * never lets a shared cache keep a response that sets the cookie.
 */
export function applyHeaders(fields: Iterable<readonly [string, string]>, response: ResponseHeaders): void {
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    if (key === "vary") response.set(key, mergeVary(response.get(key), value));
    else if (key === "cache-control") response.set(key, mergeCacheControl(response.get(key), value));
    else response.append(key, value);
  }
}

function mergeVary(present: string | undefined, added: string): string {
  const items = present?.split(",").map((item) => item.trim()) ?? [];
  const known = items.some((item) => item.toLowerCase() === added.toLowerCase());
  if (present === undefined || present === "") return added;
  return known ? present : `${items.join(", ")}, ${added}`;
}

const SHARED = /^(?:public|s-maxage\b.*|proxy-revalidate)$/i;
const NOT_SHARED = /^(?:private|no-store)$/i;

function mergeCacheControl(present: string | undefined, added: string): string {
  if (present === undefined || present === "") return added;
  const directives = present.split(",").map((directive) => directive.trim());
  if (directives.some((directive) => NOT_SHARED.test(directive))) return present;
  return ["private", ...directives.filter((directive) => !SHARED.test(directive))].join(", ");
}
