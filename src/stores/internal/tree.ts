/**
 * The files of a file store: `root/ab/cd/` holds the records whose names begin with `abcd`, so that no folder grows
 * large. No link is followed on the way from the root to a record.
 */
import * as fs from "node:fs";
import { report } from "../../events.ts";
import { unless } from "./failures.ts";
import { readPlainFile } from "./plain-file.ts";
import { checkDisk, type Root } from "./root.ts";

/** The modes of a store's files and folders. */
export interface Modes {
  readonly file: number;
  readonly folder: number;
}

/** Thrown for what might lead out of a store. */
export class Refused extends Error {}

const RECORD = /^[0-9a-f]{64}$/;
const LEFTOVER = /^[0-9a-f]{64}\.(lock|.+\.tmp)$/;
const SHARD = /^[0-9a-f]{2}$/;

/** Where the record of a name is, or would be. */
export function pathOf(root: string, name: string): string {
  return `${root}/${name.slice(0, 2)}/${name.slice(2, 4)}/${name}`;
}

/** The bytes of a record; `undefined` where there is none. */
export function readRecord(root: Root, name: string): Buffer | undefined {
  const path = pathOf(root.path, name);
  return isThere(root) && wayTo(root.path, name).every(isFolder)
    ? readPlainFile(path, Number.POSITIVE_INFINITY, (what) => refuse(path, what))
    : undefined;
}

/** Makes what is missing of the way to a record. */
export function makeWay(root: Root, name: string, mode: number): void {
  if (!isThere(root)) makeFolder(root.path, mode);
  for (const folder of wayTo(root.path, name)) if (!isFolder(folder)) makeFolder(folder, mode);
}

/** Makes a folder of exactly this mode, whatever the umask, unless another process was faster. */
export function makeFolder(path: string, mode: number): void {
  unless(["EEXIST"], () => {
    fs.mkdirSync(path, mode);
    fs.chmodSync(path, mode);
  });
}

/** The folders that hold records, read as they are asked for. */
export function* leavesOf(root: Root): Generator<string> {
  if (!isThere(root)) return;
  for (const branch of shardsIn(root.path)) yield* shardsIn(branch);
}

/** What is in a folder: nothing, once it is gone. */
export function entriesIn(folder: string): fs.Dirent[] {
  return unless(["ENOENT"], () => fs.readdirSync(folder, { withFileTypes: true })) ?? [];
}

/** The names of records among what is in a folder. */
export function recordsAmong(entries: fs.Dirent[]): string[] {
  return entries.filter((entry) => entry.isFile() && RECORD.test(entry.name)).map(({ name }) => name);
}

/** The names of what writers make for a moment, among what is in a folder. */
export function leftoversAmong(entries: fs.Dirent[]): string[] {
  return entries.filter((entry) => entry.isDirectory() && LEFTOVER.test(entry.name)).map(({ name }) => name);
}

function shardsIn(folder: string): string[] {
  const shards = entriesIn(folder).filter((entry) => entry.isDirectory() && SHARD.test(entry.name));
  return shards.map(({ name }) => `${folder}/${name}`);
}

function wayTo(root: string, name: string): string[] {
  const branch = `${root}/${name.slice(0, 2)}`;
  return [branch, `${branch}/${name.slice(2, 4)}`];
}

function isThere(root: Root): boolean {
  const found = folderAt(root.path);
  checkDisk(root, found);
  return found !== undefined;
}

function isFolder(path: string): boolean {
  return folderAt(path) !== undefined;
}

function folderAt(path: string): fs.Stats | undefined {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  return found === undefined || found.isDirectory() ? found : refuse(path, "no folder");
}

function refuse(path: string, what: string): never {
  const reason = `${path} is ${what}`;
  report({ type: "refused", reason });
  throw new Refused(`fileStore opens only what it made: ${reason}`);
}
