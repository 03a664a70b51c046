/** What the tests of the file store need other processes for: `file-worker.ts <job> <directory> <argument>`. */
import { readSync, writeSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileStore } from "../../src/stores/file.ts";
import { claiming } from "../../src/stores/internal/claim.ts";
import { encodeRecord, nameOf } from "../../src/stores/internal/record.ts";
import { openRoot } from "../../src/stores/internal/root.ts";
import type { Purpose } from "../../src/stores/internal/token.ts";
import { makeWay, pathOf } from "../../src/stores/internal/tree.ts";
import { ask } from "../../src/testing/internal/peer.ts";
import { runWriters } from "../../src/testing/store-writers.ts";
import { numberIn, valueOf } from "./worker-values.ts";

const [job = "", directory = "", argument = ""] = process.argv.slice(2);

const modes = { file: 0o600, folder: 0o700 };

const jobs: Record<string, () => Promise<void>> = {
  /** Its part of `testWriters`. */
  writers: () => runWriters(fileStore({ directory }), argument),

  /** Counts in the value under a key for as long as it lives; between two swaps it creates an entry and deletes it. */
  async overwrite() {
    const store = fileStore({ directory });
    const expiresAt = Date.now() + 3_600_000;
    let value = (await store.read(argument))?.value ?? valueOf(0);
    for (let number = numberIn(value) + 1; ; number++) {
      const before = value;
      value = valueOf(number);
      await store.update(argument, { before, value, expiresAt });
      await store.create(`${argument} ${number}`, { value: before, expiresAt });
      await store.delete(`${argument} ${number}`);
      writeSync(1, `${number}\n`);
    }
  },

  /** Claims the record of `key`, and goes on when it is told to: long after it was taken for dead. */
  async hold() {
    const { key, purpose } = JSON.parse(argument) as { key: string; purpose: Purpose };
    const name = nameOf(key);
    makeWay(openRoot(directory, modes.folder, false), name, modes.folder);
    const bytes = encodeRecord(name, { key, entry: { value: valueOf(0), expiresAt: Date.now() + 3_600_000 } });
    const tried = claiming(pathOf(directory, name), { purpose, bytes, modes }, (commit) => {
      writeSync(1, "holding\n");
      readSync(0, Buffer.alloc(1));
      commit();
      return { result: undefined };
    });
    console.log("result" in tried ? "written" : "fenced off");
  },

  /** Creates an entry under a umask, and ends although the store would sweep for ever. */
  async create() {
    process.umask(Number.parseInt(argument, 8));
    await fileStore({ directory }).create("key", { value: valueOf(1), expiresAt: Date.now() + 3_600_000 });
  },

  /** Prolongs entries at the last moment, and tells which ones it could. */
  async touch() {
    const store = fileStore({ directory });
    const deadlines = JSON.parse(argument) as [key: string, expiresAt: number][];
    await ask("ready");
    const touched: string[] = [];
    for (const [key, expiresAt] of deadlines) {
      while (Date.now() < expiresAt - 1) await nextTurn();
      if ((await store.update(key, { expiresAt: Date.now() + 3_600_000 })).done) touched.push(key);
    }
    console.log(JSON.stringify(touched));
  },
};

await jobs[job]?.();
