/** The stores that are files of this machine: opened without a client of any other engine, so that a worker starts quickly. */
import { mkdirSync, mkdtempSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, systemClock } from "../../../src/clock.ts";
import type { Store } from "../../../src/index.ts";
import type { Listable, Sweepable } from "../../../src/store.ts";
import { fileStore } from "../../../src/stores/file.ts";
import { lockOf } from "../../../src/stores/internal/claim.ts";
import { nameOf } from "../../../src/stores/internal/record.ts";
import { tokenFor } from "../../../src/stores/internal/token.ts";
import { pathOf } from "../../../src/stores/internal/tree.ts";
import { leftoversBelow, pathsBelow } from "../../stores/paths.ts";

/** A store, and what closes its client. */
export interface Opened<S extends Store = Store> {
  readonly store: S;
  close(): unknown;
}

/** A store whose files can be looked at. */
export type DiskStore = Store & Listable & Sweepable;

export interface Disk {
  /** Makes what the store needs in a folder: once, before it is opened. */
  prepare(folder: string): Promise<unknown>;
  open(folder: string, clock?: Clock): Promise<Opened<DiskStore>>;
  /** Whether others go on while a process is stopped, wherever it is. */
  readonly fences: boolean;
  /** System calls whose failure is not tried, for it is the engine that does not see it. */
  readonly spared?: readonly string[];
  /** Leaves what a process leaves that is killed while it writes the entry of a key. */
  litter?(folder: string, key: string): void;
  /** Makes what was left look a minute older than it is. */
  age?(folder: string): void;
  /** What is wrong with the files in a folder where so many entries live, once a sweep has been there. */
  flaws(folder: string, live: number): Promise<string[]>;
}

/** No process has this number, where they are given as usual: they begin anew after 4 194 304 at the latest. */
const DEAD = 4_194_305;
const TABLE = "flagon_proof";

export type DiskName = "file" | "sqlite";

export const DISKS: Readonly<Record<DiskName, Disk>> = {
  file: {
    fences: true,
    prepare: async () => undefined,
    open: async (folder, clock = systemClock) => ({
      store: fileStore({ directory: folder, clock }),
      close: () => undefined,
    }),
    litter(folder, key) {
      const token = tokenFor("write").replace(`-${process.pid}-`, `-${DEAD}-`);
      const lock = lockOf(pathOf(folder, nameOf(key)));
      mkdirSync(lock, { mode: 0o700 });
      writeFileSync(join(lock, token), "half a rec", { mode: 0o600 });
    },
    age(folder) {
      const then = Date.now() / 1000 - 61;
      for (const path of leftoversBelow(folder)) utimesSync(path, then, then);
    },
    async flaws(folder, live) {
      const others = leftoversBelow(folder);
      const records = pathsBelow(folder).filter((path) => !others.includes(path) && statSync(path).isFile());
      return records.length === live ? others : [...others, `${records.length} records of ${live} entries`];
    },
  },
  sqlite: {
    // Who is stopped within a transaction keeps its lock.
    fences: false,
    // libsql 0.5 goes on with a page of the log that it could not read, and finds nothing there.
    spared: ["pread64"],
    async prepare(folder) {
      const { createTable } = await import("../../../src/stores/sql.ts");
      const db = await database(folder);
      await createTable(db, { table: TABLE });
      await db.destroy();
    },
    async open(folder, clock) {
      const { sqlStore } = await import("../../../src/stores/sql.ts");
      const db = await database(folder);
      return { store: sqlStore(db, { table: TABLE, ...(clock && { clock }) }), close: () => db.destroy() };
    },
    async flaws(folder, live) {
      const { sql } = await import("kysely");
      const db = await database(folder);
      const { rows: found } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(db);
      const { rows: counted } = await sql<{ n: number }>`select count(*) as n from flagon_proof`.execute(db);
      await db.destroy();
      const flaws = found.map((row) => row.integrity_check).filter((flaw) => flaw !== "ok");
      const rows = Number(counted[0]?.n);
      return rows === live ? flaws : [...flaws, `${rows} rows of ${live} entries`];
    },
  },
};

/** A folder of its own below another, ready to be opened. */
export async function newHome(disk: DiskName, parent: string): Promise<string> {
  const folder = mkdtempSync(join(parent, "home-"));
  await DISKS[disk].prepare(folder);
  return folder;
}

async function database(folder: string) {
  const { openSqlite } = await import("../../stores/sqlite-database.ts");
  return openSqlite(`${folder}/sessions.db`);
}
