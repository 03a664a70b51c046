import { chmodSync, lstatSync, mkdirSync, type Stats } from "node:fs";
import { resolve } from "node:path";
import { inspect } from "node:util";
import { SessionError } from "../../errors.ts";
import { unless } from "./failures.ts";

/** The directory as an absolute path, made if there is none. Throws `CONFIG` when others have a hand in it. */
export function openRoot(directory: unknown, mode: number, allowWider: boolean): string {
  if (typeof directory !== "string" || directory === "") {
    throw new SessionError("CONFIG", `directory is ${inspect(directory)}; give the path of one for sessions alone`);
  }
  const root = resolve(directory);
  const found = unless(["ENOTDIR", "EACCES"], () => lstatSync(root, { throwIfNoEntry: false }));
  if (!found) makeRoot(root, mode);
  else if (found.isSymbolicLink()) throw unfit(root, "a link; give the path that it leads to");
  else if (!found.isDirectory()) throw unfit(root, "no directory; give the path of one for sessions alone");
  else if (!allowWider && process.platform !== "win32") checkPrivate(root, found, mode);
  return root;
}

function makeRoot(root: string, mode: number): void {
  try {
    mkdirSync(root, { recursive: true, mode });
    chmodSync(root, mode);
  } catch (cause) {
    throw unfit(root, "not there and cannot be made; give one that this process can write to", { cause });
  }
}

function checkPrivate(root: string, { mode: given, uid }: Stats, mode: number): void {
  if (given & 0o777 & ~mode) {
    throw unfit(root, `open to others; \`chmod ${mode.toString(8)}\` it or set allowWiderDirectory`);
  }
  if (uid !== process.geteuid?.()) throw unfit(root, `user ${uid}'s; \`chown\` it or set allowWiderDirectory`);
}

function unfit(root: string, why: string, options?: ErrorOptions): SessionError {
  return new SessionError("CONFIG", `directory ${root} is ${why}`, options);
}
