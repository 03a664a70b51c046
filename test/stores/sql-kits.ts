import { beforeAll, describe, test } from "vitest";
import { type SqlDatabase, type SqlTable, sqlStore } from "../../src/stores/sql.ts";
import { testListable, testStore, testSweepable } from "../../src/testing/store-suite.ts";
import { testWriters } from "../../src/testing/store-writers.ts";
import type { Engine } from "./sql-databases.ts";
import { lent } from "./sql-helpers.ts";
import { type Home, newTable, openHome } from "./sql-home.ts";
import { startWorker } from "./start-worker.ts";

/** The kits on each of these tables of an engine. */
export function testTables(name: Engine, tables: [what: string, table: SqlTable][]): void {
  let home: Home;

  beforeAll(async () => {
    home = await openHome(name);
  });

  describe.each(tables)("in %s", (_what, kind) => {
    let table: SqlTable;
    beforeAll(async () => {
      table = await newTable(home, kind);
    });

    const isPythons = kind.flask !== undefined;
    const limits = {
      ...(isPythons && { keys: "hashed" as const }),
      ...(isPythons && name === "mariadb" && { maxValue: 65_535 }),
    };

    describe("by the engine's clock", () => {
      const kit = { test: test.concurrent, open: () => sqlStore(home.db, table), time: "engine" as const, ...limits };
      testStore(kit);
      testListable(kit);
    });

    describe("by the engine's clock, one after the other", () => {
      testSweepable({
        test,
        open: async () => sqlStore(home.db, await newTable(home, kind)),
        time: "engine",
        ...limits,
      });
    });

    testWriters({
      test,
      open: () => sqlStore(home.db, table),
      spawn: (plan) => startWorker("sql", name, home.url, JSON.stringify(table), plan),
    });

    // A column of whole seconds keeps no deadline to the millisecond.
    if (isPythons && name === "mariadb") return;
    describe("by a clock of ours", () => {
      const kit = {
        test,
        open: async (clock: { now(): number }) => sqlStore(home.db, { ...(await newTable(home, kind)), clock }),
        ...limits,
      };
      testStore(kit);
      testListable(kit);
      testSweepable(kit);
    });
  });
}

/** The kits over connections in a mood. */
export function testMood(engine: Engine, open: (url: string) => SqlDatabase, kinds: SqlTable[] = [{}]): void {
  let home: Home;
  let db: SqlDatabase;

  beforeAll(async () => {
    home = await openHome(engine);
    db = await lent(open(home.url));
  });

  describe.each(kinds)("in the table %o", (kind) => {
    let table: SqlTable;
    beforeAll(async () => {
      table = await newTable(home, kind);
    });

    const isPythons = kind.flask !== undefined;
    const limits = { ...(isPythons && { keys: "hashed" as const }), ...(isPythons && { maxValue: 65_535 }) };
    testStore({ test: test.concurrent, open: () => sqlStore(db, table), time: "engine", ...limits });
    testListable({ test: test.concurrent, open: () => sqlStore(db, table), time: "engine", ...limits });
  });
}
