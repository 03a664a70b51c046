/** Directories for tests, and what is in them. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** A directory that is removed when the test is over. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "flagon-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The paths of all that is below a directory. */
export function pathsBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).map((path) => join(directory, path));
}

/** What is in the folders of records, but records. */
export function leftoversBelow(directory: string): string[] {
  return pathsBelow(directory).filter((path) => /\.(lock|tmp)(\/|$)/.test(path));
}
