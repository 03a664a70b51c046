/** Disks and processes that have no room left, for real: what a save makes of it, and what comes after. */
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { peer } from "../../../src/testing/internal/peer.ts";
import { startWorker } from "./bundle.ts";
import { type DiskName, DISKS, newHome } from "./disks.ts";
import { type Deed, type Ended, type PressPlan, visitsIn } from "./pressed.ts";

/** The text of a session that has to be written: too long where files may have no more than `LIMIT` bytes. */
const LONG = 200_000;
const LIMIT = 100_000;

/** How room is taken, and given back. */
interface Press {
  readonly title: string;
  /** SQLite keeps its files open, so that its disk cannot be made read-only, and its log is larger than the limit. */
  readonly only?: DiskName;
  /** What the process is started by. */
  readonly command?: readonly string[];
  /** Whether the text that is saved meanwhile is a long one. */
  readonly long?: boolean;
  take(folder: string, tell: Tell): unknown;
  give(folder: string, tell: Tell): unknown;
}

type Tell = (deed: Deed) => Promise<Ended>;

const nothing = () => undefined;

export const PRESSES: readonly Press[] = [
  { title: "a full disk", long: true, take: fill, give: (parent) => rmSync(fillerIn(parent)) },
  { title: "a disk that is read-only", only: "file", take: remount("ro"), give: remount("rw") },
  {
    title: "a limit of the size of files",
    only: "file",
    command: ["prlimit", `--fsize=${LIMIT}`],
    long: true,
    take: nothing,
    give: nothing,
  },
  {
    title: "no descriptor left",
    command: ["prlimit", "--nofile=1000"],
    take: (_, tell) => tell("hog"),
    give: (_, tell) => tell("free"),
  },
];

/** What was seen of a press. */
export interface Pressed {
  readonly ended: Ended;
  readonly flaws: readonly string[];
}

/** Takes all room while a session is saved. Only root may mount; the limits need nobody's leave. */
export async function pressed(disk: DiskName, parent: string, press: Press): Promise<Pressed | undefined> {
  if (press.command) return underPress(disk, parent, press);
  const mounted = mount(parent);
  if (mounted === undefined) return undefined;
  try {
    return await underPress(disk, mounted, press);
  } finally {
    spawnSync("umount", ["-l", mounted]);
  }
}

/** A session is saved: before, without room, and after. Another process, which is this one, looks on. */
async function underPress(
  disk: DiskName,
  parent: string,
  { command, long = false, take, give, title }: Press,
): Promise<Pressed> {
  const folder = await newHome(disk, parent);
  const { store, close } = await DISKS[disk].open(folder);
  const visits = visitsIn(store);
  const first = await visits.open({ cookie: undefined, secure: false });
  first.text = "a".repeat(LONG / 4);
  const { headers } = await visits.save(first);
  const cookie = headers.find(([name]) => name === "Set-Cookie")?.[1].split(";")[0] ?? "";
  const letter = async () => (await visits.open({ cookie, secure: false })).text?.[0];
  const plan: PressPlan = { disk, folder, cookie };
  const child = startWorker("press", plan, command);
  const { hear, say, over } = peer(child);
  const tell = async (deed: Deed) => (say(JSON.stringify(deed)), JSON.parse(await hear()) as Ended);
  const flaws: string[] = [];
  const expect = (what: string, isTrue: boolean) => void (isTrue || flaws.push(`${disk}, ${title}: ${what}`));
  try {
    expect("no save before", "result" in (await tell({ save: "b", size: LONG / 4 })));
    await take(parent, tell);
    const ended = await tell({ save: "c", size: long ? LONG : LONG / 4 });
    const isTold = "result" in ended ? ended.result === "saved" : ended.status === 503;
    expect(`told ${JSON.stringify(ended)}`, isTold);
    expect(`${await letter()} stands there`, (await letter()) === ("result" in ended ? "c" : "b"));
    await give(parent, tell);
    expect("no save afterwards", "result" in (await tell({ save: "d", size: LONG / 4 })));
    expect(`${await letter()} stands there afterwards`, (await letter()) === "d");
    await store.deleteExpired();
    for (const flaw of await DISKS[disk].flaws(folder, 1)) expect(flaw, false);
    return { ended, flaws };
  } finally {
    child.kill("SIGKILL");
    await over().catch(nothing);
    await close();
  }
}

function mount(parent: string): string | undefined {
  const folder = mkdtempSync(join(parent, "tmpfs-"));
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=700", "flagon", folder]);
  return status === 0 ? folder : undefined;
}

const fillerIn = (folder: string) => join(folder, "filler");

/** Writes until there is no room, for not one byte. */
function fill(folder: string): void {
  const file = openSync(fillerIn(folder), "w");
  try {
    for (const size of [65_536, 4096, 1]) {
      while (isWritten(file, size));
    }
  } finally {
    closeSync(file);
  }
}

function isWritten(file: number, size: number): boolean {
  try {
    return writeSync(file, Buffer.alloc(size)) === size;
  } catch {
    return false;
  }
}

function remount(how: "ro" | "rw") {
  return (folder: string): void => {
    const { status, stderr } = spawnSync("mount", ["-o", `remount,${how}`, folder], { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
  };
}
