/** A process that saves a session while its disk, or the process itself, has no room left. */
import { closeSync, openSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { SessionError, type SessionInterface, sessions } from "../../../src/index.ts";
import { type DiskName, DISKS, type DiskStore } from "./disks.ts";

export interface PressPlan {
  readonly disk: DiskName;
  readonly folder: string;
  readonly cookie: string;
}

/** Saves a text of so many characters; takes every descriptor that is left, and gives them back. */
export type Deed = { readonly save: string; readonly size: number } | "hog" | "free";

/** How a deed ended: `saved`, or the status of the answer and the error behind it. */
export type Ended = { readonly result: string } | { readonly status: number; readonly cause: string };

export interface Data {
  text?: string;
}

export const visitsIn = (store: DiskStore): SessionInterface<Data> =>
  sessions<Data>({ store, keys: { current: "k0-aVeryLongAndRandomKey_for-proofs-only_42" }, storeTimeout: 60 });

export async function press(text: string): Promise<void> {
  const { disk, folder, cookie } = JSON.parse(text) as PressPlan;
  const visits = visitsIn((await DISKS[disk].open(folder)).store);
  await visits.open({ cookie, secure: false });
  const hogs: number[] = [];
  for await (const line of createInterface({ input: process.stdin })) {
    const deed = JSON.parse(line) as Deed;
    const ended = await endOf(deed === "hog" ? hog(hogs) : deed === "free" ? free(hogs) : save(visits, cookie, deed));
    writeSync(1, `${JSON.stringify(ended)}\n`);
  }
}

async function save(visits: SessionInterface<Data>, cookie: string, deed: { save: string; size: number }) {
  const session = await visits.open({ cookie, secure: false });
  session.text = deed.save.repeat(deed.size);
  return (await visits.save(session)).result;
}

async function hog(hogs: number[]): Promise<string> {
  for (;;) {
    try {
      hogs.push(openSync("/dev/null", "r"));
    } catch {
      return `${hogs.length > 0}`;
    }
  }
}

async function free(hogs: number[]): Promise<string> {
  for (const file of hogs.splice(0)) closeSync(file);
  return "free";
}

function endOf(deed: Promise<string>): Promise<Ended> {
  return deed.then(
    (result) => ({ result }),
    (error: unknown) => ({ status: error instanceof SessionError ? error.status : 0, cause: causeOf(error) }),
  );
}

function causeOf(error: unknown): string {
  const { cause = error } = error as { cause?: unknown };
  return String((cause as { code?: unknown }).code ?? cause);
}
