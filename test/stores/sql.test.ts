import { beforeAll, describe, test, vi } from "vitest";
import { type SqlTable, sqlStore } from "../../src/stores/sql.ts";
import { testListable, testStore, testSweepable } from "../../src/testing/store-suite.ts";
import { testWriters } from "../../src/testing/store-writers.ts";
import { has } from "../engines.ts";
import type { Engine } from "./sql-databases.ts";
import { type Home, newTable, openHome } from "./sql-home.ts";
import { startWorker } from "./start-worker.ts";

// Many tests of the kit wait for a deadline by the engine's clock; they wait together.
vi.setConfig({ maxConcurrency: 20 });

const engines: [name: Engine, isThere: boolean, tables: [what: string, table: SqlTable][]][] = [
  [
    "postgres",
    has("postgres"),
    [
      ["our table", {}],
      ["sqlalchemy's table", { flask: "sqlalchemy" }],
      ["postgresql's table", { flask: "postgresql" }],
    ],
  ],
  [
    "mariadb",
    has("mariadb"),
    [
      ["our table", {}],
      ["sqlalchemy's table", { flask: "sqlalchemy" }],
    ],
  ],
  [
    "sqlite",
    true,
    [
      ["our table", {}],
      ["sqlalchemy's table", { flask: "sqlalchemy" }],
    ],
  ],
];

describe.each(engines)("sql store over %s", (name, isThere, tables) => {
  describe.skipIf(!isThere)("that is there", () => {
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
  });
});
