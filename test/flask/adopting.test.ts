/** Sessions that Python left as files: who adopts them, what is left alone, and what never comes back. */
import { spawn } from "node:child_process";
import fs from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Clock } from "../../src/clock.ts";
import { flaskSession } from "../../src/flask/flask.ts";
import type { Listable, Store, Sweepable } from "../../src/store.ts";
import { fileStore } from "../../src/stores/file.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { peer } from "../../src/testing/internal/peer.ts";
import { testListable, testStore, testSweepable } from "../../src/testing/store-suite.ts";
import { type Data, Visitor, eventsOf } from "../core/helpers.ts";
import { temporaryDirectory } from "../stores/worker-directory.ts";
import { failing } from "../stores/worker-operations.ts";
import { ADA, adoptingStore, putFile, pythonPath } from "./python-files.ts";

const NOW = 1_714_979_289;
const KEY = "session:abc";

describe("a file store that adopts", () => {
  const kit = { test, open: (clock: Clock) => adoptingStore(temporaryDirectory(), clock) };
  testStore(kit);
  testListable(kit);
  testSweepable(kit);
});

/** A directory with Python's file for `KEY`, which expires in a minute. */
function stage(expiry = NOW + 60, body?: Uint8Array, hash?: string) {
  const directory = temporaryDirectory();
  const clock = manualClock(NOW * 1000);
  const path = pythonPath(directory, KEY, hash);
  putFile(path, expiry, body);
  return {
    directory,
    clock,
    path,
    store: adoptingStore(directory, clock),
    /** What stands in our own records. */
    own: () => fileStore({ directory, clock }).read(KEY),
    isThere: () => fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined,
  };
}

describe("Python's file", () => {
  test.each(["md5", "sha256"])("named by its %s becomes our record, with the rest of its life", async (hash) => {
    const { store, own, isThere } = stage(NOW + 60, ADA, hash);
    const entry = { value: ADA, expiresAt: (NOW + 60) * 1000 + 1 };
    expect(await store.read(KEY)).toMatchObject(entry);
    expect(await own()).toMatchObject(entry);
    expect(isThere()).toBe(false);
  });

  test("is valid to the end of its last second, and ours from there on as long as it is renewed", async () => {
    const { store, clock } = stage(NOW);
    expect(await store.read(KEY)).toBeDefined();
    clock.advance(1);
    expect(await store.read(KEY)).toBeUndefined();
  });

  test("that never expires gets our lifetime", async () => {
    expect((await stage(0).store.read(KEY))?.expiresAt).toBe((NOW + 60) * 1000);
  });

  test.each([
    ["has expired", NOW - 1, ADA, 0],
    ["is damaged", NOW + 60, ADA.subarray(0, 9), 1],
    ["is empty", NOW + 60, Buffer.from(""), 1],
    ["holds a class", NOW + 60, Buffer.from("capp\nUser\n."), 1],
    ["holds None", NOW + 60, Buffer.from("N."), 0],
    ["is JSON", NOW + 60, Buffer.from('{"user": "ada"}'), 1],
  ])("that %s is left alone", async (_what, expiry, body, told) => {
    const { store, own, isThere } = stage(expiry, body);
    const events = await eventsOf(async () => expect(await store.read(KEY)).toBeUndefined());
    expect(events.filter(({ type }) => type === "unreadable")).toHaveLength(told);
    expect([await own(), isThere()]).toEqual([undefined, true]);
  });

  test.each<[string, (path: string, elsewhere: string) => void]>([
    ["a link", (path, elsewhere) => fs.symlinkSync(elsewhere, path)],
    ["a directory", (path) => fs.mkdirSync(path)],
    ["larger than any session", (path) => fs.writeFileSync(path, new Uint8Array(2 ** 24 + 1))],
  ])("that is %s is not opened", async (_what, make) => {
    const { store, path, directory } = stage();
    fs.renameSync(path, join(directory, "elsewhere"));
    make(path, join(directory, "elsewhere"));
    const events = await eventsOf(async () => expect(await store.read(KEY)).toBeUndefined());
    expect(events.map(({ type }) => type)).toEqual(["refused"]);
  });

  test("of two bytes is none", async () => {
    const { store, path } = stage();
    fs.writeFileSync(path, "ab");
    expect(await store.read(KEY)).toBeUndefined();
  });

  test("takes its key, so that nothing else is created there", async () => {
    const { store } = stage();
    expect(await store.create(KEY, { value: Buffer.from("new"), expiresAt: (NOW + 9) * 1000 })).toBe(false);
    expect(Buffer.from((await store.read(KEY))?.value ?? [])).toEqual(ADA);
  });

  test("goes with its session", async () => {
    const { store, isThere } = stage();
    expect(await store.delete(KEY)).toBe(true);
    expect(isThere()).toBe(false);
    expect(await store.delete(KEY)).toBe(false);
  });

  test("that a killed process left beside our record goes unread", async () => {
    const { store, path, isThere } = stage();
    await store.read(KEY);
    putFile(path, 0);
    expect((await store.read(KEY))?.expiresAt).toBe((NOW + 60) * 1000 + 1);
    expect(isThere()).toBe(false);
  });

  test("that cannot be removed is an error, so that no session comes back later", async () => {
    const { store, path } = stage();
    await store.read(KEY);
    fs.mkdirSync(path);
    await expect(store.read(KEY)).rejects.toMatchObject({ syscall: "unlink" });
    await expect(store.delete(KEY)).rejects.toMatchObject({ syscall: "unlink" });
  });

  test("survives any failure of the disk", async () => {
    let failed: string | undefined = "";
    for (let n = 0; failed !== undefined; n++) {
      const { store, clock } = stage();
      ({ failed } = await failing(n, "EIO", () => store.read(KEY)));
      // A claim that a failure left is void by then.
      clock.advance(5001);
      expect(Buffer.from((await store.read(KEY))?.value ?? []), `${n} ${failed}`).toEqual(ADA);
    }
  });
});

describe("several that adopt one session", () => {
  test("find one record", async () => {
    const { store, directory, clock } = stage();
    const others = [store, ...Array.from({ length: 9 }, () => adoptingStore(directory, clock))];
    const entries = await Promise.all(others.map((other) => other.read(KEY)));
    for (const entry of entries) expect(Buffer.from(entry?.value ?? [])).toEqual(ADA);
  });

  const NEW = Buffer.from("new");
  const RIVALS: [
    string,
    (rival: Store, clock: { advance(time: number): void }) => Promise<unknown>,
    Buffer | undefined,
  ][] = [
    ["logs out", (rival) => rival.delete(KEY), undefined],
    [
      "takes one for dead that is only slow, adopts, and logs out",
      async (rival, clock) => {
        clock.advance(5001);
        expect(await rival.read(KEY)).toBeDefined();
        await rival.delete(KEY);
      },
      undefined,
    ],
    [
      "takes one for dead that is only slow, adopts, and changes",
      async (rival, clock) => {
        clock.advance(5001);
        const { value: before, expiresAt } = (await rival.read(KEY)) ?? { value: NEW, expiresAt: 0 };
        expect(await rival.update(KEY, { before, value: NEW, expiresAt })).toEqual({ done: true });
      },
      NEW,
    ],
  ];
  test.each(RIVALS)("bring nothing back and lose nothing when one %s meanwhile", async (_what, act, left) => {
    let met = true;
    for (let n = 0; met; n++) {
      const { directory, clock, isThere } = stage();
      const rival = adoptingStore(directory, clock);
      met = false;
      const slow = adoptingStore(directory, clock, (store) =>
        beforeVerb(store, n, async () => {
          met = true;
          await act(rival, clock);
        }),
      );
      await slow.read(KEY);
      if (!met) break;
      const found = await rival.read(KEY);
      expect(found && Buffer.from(found.value), `before verb ${n}`).toEqual(left);
      expect(isThere()).toBe(false);
      expect(n).toBeLessThan(9);
    }
  });

  test("in many processes lose no change", async () => {
    const [processes, keys] = [4, 25];
    const directory = temporaryDirectory();
    const expiry = Math.floor(Date.now() / 1000) + 3600;
    for (let key = 0; key < keys; key++) putFile(pythonPath(directory, `key ${key}`), expiry);
    const peers = Array.from({ length: processes }, () => start(directory, keys));
    for (const { hear } of peers) await hear();
    for (const { say } of peers) say("go");
    for (const { over } of peers) await over();
    const own = fileStore({ directory });
    for (let key = 0; key < keys; key++) {
      expect(String(Buffer.from((await own.read(`key ${key}`))?.value ?? []))).toBe(String(processes));
    }
    expect(fs.readdirSync(directory).filter((name) => name.length === 32)).toEqual([]);
  });
});

type OwnStore = Store & Listable & Sweepable;

/** A store before whose nth verb something happens. */
function beforeVerb(store: OwnStore, n: number, act: () => Promise<void>): OwnStore {
  let count = 0;
  const meet = async () => {
    if (count++ === n) await act();
  };
  return {
    create: async (key, entry) => (await meet(), store.create(key, entry)),
    read: async (key) => (await meet(), store.read(key)),
    update: async (key, change) => (await meet(), store.update(key, change)),
    delete: async (key) => (await meet(), store.delete(key)),
    list: () => store.list(),
    deleteExpired: () => store.deleteExpired(),
  };
}

function start(directory: string, keys: number) {
  const worker = join(import.meta.dirname, "adopting-worker.ts");
  const child = spawn(process.execPath, ["--import", "tsx", worker, directory, String(keys)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return peer(child);
}

describe("flaskSession with migrateFrom", () => {
  const sessionsIn = (directory: string, migrateFrom?: "pickle") =>
    flaskSession<Data>(
      { SESSION_TYPE: "filesystem", SESSION_FILE_DIR: directory },
      { clock: { now: () => NOW * 1000 }, ...(migrateFrom && { migrateFrom }) },
    );
  const visitorOf = (directory: string, migrateFrom?: "pickle") => {
    const visitor = new Visitor(sessionsIn(directory, migrateFrom));
    visitor.cookie = "session=abc";
    return visitor;
  };

  test("keeps a visitor of Python logged in, and writes our format with the first save", async () => {
    const { directory, own } = stage();
    const visitor = visitorOf(directory, "pickle");
    await visitor.visit((session) =>
      expect({ ...session, isNew: session.isNew }).toEqual({ user: "ada", isNew: false }),
    );
    expect(Buffer.from((await own())?.value ?? []).toString("latin1")).toBe("\x81\xa4user\xa3ada");
    expect(visitor.cookie).toBe("session=abc");
  });

  test("ends a session of Python's for good", async () => {
    const { directory, own, isThere } = stage();
    await visitorOf(directory, "pickle").visit((session) => session.clear());
    expect([await own(), isThere()]).toEqual([undefined, false]);
    expect((await visitorOf(directory, "pickle").open()).isNew).toBe(true);
  });

  test("gives a session of Python's a new id, and the old one is dead", async () => {
    const { directory, isThere } = stage();
    const visitor = visitorOf(directory, "pickle");
    await visitor.visit((session) => session.regenerate());
    expect(visitor.cookie).not.toBe("session=abc");
    expect((await visitor.open()).get("user")).toBe("ada");
    expect((await visitorOf(directory, "pickle").open()).isNew).toBe(true);
    expect(isThere()).toBe(false);
  });

  test("unset reads nothing of Python's", async () => {
    const { directory, isThere } = stage();
    expect((await visitorOf(directory).open()).isNew).toBe(true);
    expect(isThere()).toBe(true);
  });

  test("of another name is refused", () => {
    expect(() => flaskSession({ SECRET_KEY: "dev" }, { migrateFrom: "yaml" as "json" })).toThrow(
      expect.objectContaining({ code: "CONFIG", message: `migrateFrom is "yaml"; give 'pickle' or 'json'` }),
    );
  });
});
