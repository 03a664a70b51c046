/** What is in the directory of a file store. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** The paths of all that is below a directory. */
export function pathsBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).map((path) => join(directory, path));
}

/** What is in the folders of records, but records. */
export function leftoversBelow(directory: string): string[] {
  return pathsBelow(directory).filter((path) => /\.(lock|tmp)(\/|$)/.test(path));
}
