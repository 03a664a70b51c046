/** One number in one session, raised by eight processes at once; some of them are stopped for a while, wherever they are. */
import type { ChildProcess } from "node:child_process";
import { readSync, writeSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type SessionInterface, SessionError, sessions } from "../../../src/index.ts";
import { peer } from "../../../src/testing/internal/peer.ts";
import { range } from "../../../src/testing/internal/stage.ts";
import { chooseBy } from "../schedules/random.ts";
import { type DiskName, DISKS, type DiskStore } from "./disks.ts";

export const PROCESSES = 8;
/** While a process is stopped, others make so many changes. */
const MEANWHILE = 15;

export interface CountPlan {
  readonly disk: DiskName;
  readonly folder: string;
  readonly cookie: string;
  readonly times: number;
}

/** What became of the changes that processes were to make. */
export interface Crowd {
  acknowledged: number;
  /** Answered with `CONFLICT`, and asked again. */
  refused: number;
  found: number;
  stops: number;
}

interface Data {
  count?: number;
}

type Visits = SessionInterface<Data>;

const visitsIn = (store: DiskStore): Visits =>
  sessions<Data>({ store, keys: { current: "k0-aVeryLongAndRandomKey_for-proofs-only_42" }, storeTimeout: 60 });

const openWith = (visits: Visits, cookie?: string) => visits.open({ cookie, secure: false });

/** Starts the processes and lets them go together. `start` gives one for a plan. */
export async function crowd(
  disk: DiskName,
  folder: string,
  { total, seed }: { total: number; seed: number },
  start: (plan: CountPlan) => ChildProcess,
): Promise<Crowd> {
  const { store, close } = await DISKS[disk].open(folder);
  const visits = visitsIn(store);
  const first = await openWith(visits);
  first.count = 0;
  const { headers } = await visits.save(first);
  const cookie = headers.find(([name]) => name === "Set-Cookie")?.[1].split(";")[0] ?? "";
  const children = range(PROCESSES).map(() => start({ disk, folder, cookie, times: total / PROCESSES }));
  const peers = children.map(peer);
  for (const { hear } of peers) await hear();
  for (const { say } of peers) say("go");
  const found = async () => (await openWith(visits, cookie)).count ?? NaN;
  const stops = DISKS[disk].fences ? await stopSome(children, found, total, seed) : 0;
  const told = await Promise.all(peers.map(async ({ hear }) => JSON.parse(await hear()) as Crowd));
  const sum = (what: "acknowledged" | "refused") => told.reduce((all, one) => all + one[what], 0);
  const crowded = { acknowledged: sum("acknowledged"), refused: sum("refused"), found: await found(), stops };
  await close();
  return crowded;
}

/** Stops one process after the other until others have gone on without it, as long as most of the work is to be done. */
async function stopSome(
  children: readonly ChildProcess[],
  found: () => Promise<number>,
  total: number,
  seed: number,
): Promise<number> {
  const choose = chooseBy(seed);
  let stops = 0;
  for (let now = 0; now < total / 2; stops++) {
    const child = children[choose(children.length)];
    child?.kill("SIGSTOP");
    const until = (await found()) + MEANWHILE;
    do await nextTurn();
    while ((now = await found()) < until);
    child?.kill("SIGCONT");
  }
  return stops;
}

/** The part of a process: its changes, one after the other, each asked for again until it is saved. */
export async function count(text: string): Promise<void> {
  const { disk, folder, cookie, times } = JSON.parse(text) as CountPlan;
  const { store, close } = await DISKS[disk].open(folder);
  const visits = visitsIn(store);
  await openWith(visits, cookie);
  writeSync(1, "ready\n");
  readSync(0, Buffer.alloc(1));
  const told = { acknowledged: 0, refused: 0 };
  while (told.acknowledged < times) told[(await isRaised(visits, cookie)) ? "acknowledged" : "refused"]++;
  writeSync(1, `${JSON.stringify(told)}\n`);
  await close();
}

async function isRaised(visits: Visits, cookie: string): Promise<boolean> {
  const session = await openWith(visits, cookie);
  session.update("count", (n) => Number(n) + 1);
  try {
    await visits.save(session);
    return true;
  } catch (error) {
    if (error instanceof SessionError && error.code === "CONFLICT") return false;
    throw error;
  }
}
