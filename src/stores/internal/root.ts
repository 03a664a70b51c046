import { chmodSync, lstatSync, mkdirSync, readdirSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { inspect } from "node:util";
import { SessionError } from "../../errors.ts";
import { unless } from "./failures.ts";

/** A directory that was opened, and which disk it was on. */
export interface Root {
  /** Absolute. */
  readonly path: string;
  device: number;
  inode: number;
}

/** Opens a directory, and makes it if there is none. Throws `CONFIG` when others have a hand in it. */
export function openRoot(directory: unknown, mode: number, allowWider: boolean): Root {
  if (typeof directory !== "string" || directory === "") {
    throw new SessionError("CONFIG", `directory is ${inspect(directory)}; give the path of one for sessions alone`);
  }
  const root = resolve(directory);
  const found = unless(["ENOTDIR", "EACCES"], () => lstatSync(root, { throwIfNoEntry: false }));
  if (!found) makeRoot(root, mode);
  else if (found.isSymbolicLink()) throw unfit(root, "a link; give the path that it leads to");
  else if (!found.isDirectory()) throw unfit(root, "no directory; give the path of one for sessions alone");
  else if (!allowWider && process.platform !== "win32") checkPrivate(root, found, mode);
  const { dev: device, ino: inode } = found ?? lstatSync(root);
  return { path: root, device, inode };
}

/**
 * Throws where a disk is not mounted any more and what lies beneath is in its place: its sessions are not gone.
 *
 * Whoever removes the directory ends the sessions, and so does an empty disk that is mounted where it was.
 */
export function checkDisk(root: Root, found: Stats | undefined): void {
  const { dev, ino } = found ?? nearestTo(root.path);
  if (dev === root.device) return;
  if (!found || (ino !== root.inode && readdirSync(root.path).length === 0)) {
    throw new Error(`the disk that ${root.path} was on is not there; mount it, or begin anew by a restart`);
  }
  // The same disk may have another number when it is mounted again.
  root.device = dev;
  root.inode = ino;
}

function nearestTo(path: string): Stats {
  const above = dirname(path);
  return statSync(above, { throwIfNoEntry: above === path }) ?? nearestTo(above);
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
