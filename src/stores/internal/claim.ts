/**
 * Who may write a record: one process at a time, and none after its time.
 *
 * A claim is a folder with one file in it, which has the claim's token for a name and holds the bytes to put there.
 * Renaming the folder to the record's lock works while that is absent or empty, so one claim stands at a time. The
 * commit renames the file out of the lock onto the record: it writes and releases in one step. To break a claim is to
 * unlink its token, which hits that very claim and no later one; the commit of a broken claim finds no file and writes
 * nothing. So a slow process may be taken for a dead one, and no harm comes of it.
 *
 * A removal is different: no system call removes a file on the condition that another one still exists. A claim to
 * remove is broken only when its process has certainly ended; where nobody can tell, as between two containers, when it
 * is a minute old.
 */
import { chmodSync, lstatSync, renameSync, rmdirSync, unlinkSync, writeFileSync } from "node:fs";
import { codeOf, unless } from "./failures.ts";
import { isDead, isLocal, type Purpose, removes, tokenFor } from "./token.ts";
import { entriesIn, makeFolder, type Modes } from "./tree.ts";

/** How one try to write a record ended: without a result there has to be another, perhaps when `holder` is done. */
export type Try<T> = { result: T } | { holder: string | undefined };

/** From this age on, in milliseconds, a leftover is cleared although nobody can tell that its process has ended. */
const OLD = 60_000;

/** Claims of this process that are over, although their tokens could not be removed: as if they were of a dead one. */
const over = new Set<string>();

/** How the rename onto a held lock fails. Windows renames onto no folder at all. */
const HELD = process.platform === "win32" ? ["EPERM", "EACCES"] : ["ENOTEMPTY", "EEXIST"];

/** How the removal of a folder fails that is gone, or in use again. */
const IN_USE = ["ENOENT", "ENOTEMPTY", "EEXIST"];

/**
 * Claims the record at `path` and does `act`, whose `commit` puts `bytes` there.
 *
 * All of it is done in one go: the tasks of a process never meet here, and the processes of a host for microseconds.
 */
export function claiming<T>(
  path: string,
  { purpose, bytes, modes }: { purpose: Purpose; bytes: Uint8Array; modes: Modes },
  act: (commit: () => void) => Try<T>,
): Try<T> {
  const token = tokenFor(purpose);
  const lock = lockOf(path);
  let folder = `${path}.${token}.tmp`;
  try {
    makeFolder(folder, modes.folder);
    writeFileSync(`${folder}/${token}`, bytes, { flag: "wx", mode: modes.file });
    chmodSync(`${folder}/${token}`, modes.file);
    if (!enter(folder, lock)) return { holder: holderOf(lock) };
    folder = lock;
    return act(() => renameSync(`${lock}/${token}`, path));
  } catch (error) {
    // The claim was broken or swept: nothing was written.
    if (codeOf(error) === "ENOENT") return { holder: undefined };
    throw error;
  } finally {
    leave(folder, token);
  }
}

/** The folder that a claim has to become. */
export function lockOf(path: string): string {
  return `${path}.lock`;
}

/** Breaks the claim of a process that may still run, unless it is one to remove. */
export function breakClaim(path: string, token: string): void {
  if (!removes(token)) drop(lockOf(path), token);
}

/** Clears the folder of a claim that its process has left behind. */
export function clearLeftover(folder: string): void {
  for (const { name } of entriesIn(folder)) if (isOver(name) || isForgotten(folder, name)) drop(folder, name);
  removeEmpty(folder);
}

/** Makes a folder the lock, and tells whether it could. */
function enter(folder: string, lock: string): boolean {
  return unless(HELD, () => (renameSync(folder, lock), true)) ?? false;
}

/** Who holds a lock: nobody any more, if it was a process that has ended. */
function holderOf(lock: string): string | undefined {
  const token = entriesIn(lock)[0]?.name;
  if (token !== undefined && !isOver(token)) return token;
  if (token !== undefined) drop(lock, token);
  removeEmpty(lock);
  return undefined;
}

function isOver(token: string): boolean {
  return over.has(token) || isDead(token);
}

function isForgotten(folder: string, token: string): boolean {
  if (removes(token) && isLocal(token)) return false;
  // A file's time is the machine's, whatever clock the store was given.
  const made = lstatSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
  return made < Date.now() - OLD;
}

/** Removes a folder if it is empty, and tells whether it was. */
function removeEmpty(folder: string): boolean {
  return unless(IN_USE, () => (rmdirSync(folder), true)) ?? false;
}

function drop(folder: string, token: string): void {
  unless(["ENOENT"], () => unlinkSync(`${folder}/${token}`));
  over.delete(token);
}

/** Gives a claim up, or clears away what its commit has left: an empty lock. */
function leave(folder: string, token: string): void {
  // What cannot be cleared now is left to the next one: it takes nothing back from what was done.
  if (succeeds(() => removeEmpty(folder))) return;
  if (!succeeds(() => (drop(folder, token), true))) over.add(token);
  succeeds(() => removeEmpty(folder));
}

function succeeds(act: () => boolean): boolean {
  try {
    return act();
  } catch {
    return false;
  }
}
