/** The stores that are files of this machine: opened without a client of any other engine, so that a worker starts quickly. */
import { mkdtempSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "../../../src/index.ts";
import type { Listable, Sweepable } from "../../../src/store.ts";
import { fileStore } from "../../../src/stores/file.ts";

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
  open(folder: string): Promise<Opened<DiskStore>>;
  /** What is wrong with the files in a folder where so many entries live, once a sweep has been there. */
  flaws(folder: string, live: number): Promise<string[]>;
}

const TABLE = "flagon_proof";

export const DISKS = {
  file: {
    prepare: async () => undefined,
    open: async (folder) => ({ store: fileStore({ directory: folder }), close: () => undefined }),
    async flaws(folder, live) {
      const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => join(folder, path));
      const others = files.filter((path) => /\.(lock|tmp)(\/|$)/.test(path));
      const records = files.filter((path) => !others.includes(path) && statSync(path).isFile());
      return records.length === live ? others : [...others, `${records.length} records of ${live} entries`];
    },
  },
  sqlite: {
    async prepare(folder) {
      const { createTable } = await import("../../../src/stores/sql.ts");
      const db = await database(folder);
      await createTable(db, { table: TABLE });
      await db.destroy();
    },
    async open(folder) {
      const { sqlStore } = await import("../../../src/stores/sql.ts");
      const db = await database(folder);
      return { store: sqlStore(db, { table: TABLE }), close: () => db.destroy() };
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
} as const satisfies Record<string, Disk>;

export type DiskName = keyof typeof DISKS;

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
