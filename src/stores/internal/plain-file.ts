import * as fs from "node:fs";
import { codeOf } from "./failures.ts";

/** A FIFO in the place of a file must not hold a reader up. Windows knows neither of the last two, and ignores them. */
const READ = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK;

/**
 * The bytes of a file; `undefined` where there is none. What is no file, is a link, or has more than `most` bytes is not
 * read: then it is what `refuse` makes of it.
 */
export function readPlainFile(path: string, most: number, refuse: (what: string) => undefined): Buffer | undefined {
  const file = openFile(path, refuse);
  if (file === undefined) return undefined;
  try {
    const found = fs.fstatSync(file);
    if (!found.isFile()) return refuse("no file");
    return found.size <= most ? fs.readFileSync(file) : refuse("too large");
  } finally {
    fs.closeSync(file);
  }
}

function openFile(path: string, refuse: (what: string) => undefined): number | undefined {
  try {
    return fs.openSync(path, READ);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    // What O_NOFOLLOW makes of a link, on Linux and macOS and on FreeBSD.
    if (codeOf(error) === "ELOOP" || codeOf(error) === "EMLINK") return refuse("a link");
    throw error;
  }
}
