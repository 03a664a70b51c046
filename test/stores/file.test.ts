/** The file store in one process: what it promises, what it refuses, what it makes of damage and of a failing disk. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import fs from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Clock } from "../../src/clock.ts";
import { EVENTS } from "../../src/events.ts";
import type { Entry, Listable, Store } from "../../src/store.ts";
import { fileStore, type FileStoreOptions } from "../../src/stores/file.ts";
import { lockOf } from "../../src/stores/internal/claim.ts";
import { nameOf } from "../../src/stores/internal/record.ts";
import { tokenFor } from "../../src/stores/internal/token.ts";
import { pathOf } from "../../src/stores/internal/tree.ts";
import { takeTurns } from "../../src/stores/internal/turns.ts";
import { type ManualClock, manualClock } from "../../src/testing/clock.ts";
import { bytes, range } from "../../src/testing/internal/stage.ts";
import { testListable, testStore, testSweepable } from "../../src/testing/store-suite.ts";
import { leftoversBelow, pathsBelow, temporaryDirectory } from "./worker-directory.ts";
import { failing } from "./worker-operations.ts";

const NAME = nameOf("key");

describe("file store", () => {
  const kit = { test, open: (clock: Clock) => fileStore({ directory: temporaryDirectory(), clock }) };
  testStore(kit);
  testListable(kit);
  testSweepable(kit);
});

describe("fileStore", () => {
  test.each<[Record<string, unknown>, string]>([
    [{ directory: undefined }, "directory is undefined; give the path of one for sessions alone"],
    [{ directory: "" }, "directory is ''; "],
    [{ directory: "/dev/null" }, "directory /dev/null is no directory; "],
    [{ directory: "/dev/null/sessions" }, "directory /dev/null/sessions is not there and cannot be made; "],
    [{ mode: 0o400 }, "mode is 0o400; give one that lets the owner read and write, such as 0o600"],
    [{ mode: 600 }, "mode is 0o1130; "],
    [{ mode: 0o700 }, "mode is 0o700; "],
    [{ mode: "600" }, "mode is 600; "],
    [{ sweepEvery: -1 }, "sweepEvery is -1; give a whole number from 0 to 2147483"],
    [{ sweepEvery: 2_147_484 }, "sweepEvery is 2147484; "],
    [{ clock: {} }, "clock is {}; "],
  ])("refuses %o", (options, message) => {
    const directory = temporaryDirectory();
    expect(() => fileStore({ directory, ...options })).toThrow(refused(message));
  });

  test("refuses a directory that is a link", () => {
    const [directory, link] = [temporaryDirectory(), join(temporaryDirectory(), "link")];
    fs.symlinkSync(directory, link);
    expect(() => fileStore({ directory: link })).toThrow(refused("is a link; give the path that it leads to"));
  });

  test("refuses a directory that others can open, unless it is told to take it", () => {
    const directory = temporaryDirectory();
    for (const mode of [0o701, 0o710, 0o755, 0o777]) {
      fs.chmodSync(directory, mode);
      expect(() => fileStore({ directory })).toThrow(refused("is open to others; `chmod 700` it"));
      fileStore({ directory, allowWiderDirectory: true });
    }
  });

  test.skipIf(process.getuid?.() !== 0)("refuses a directory of another user", () => {
    const directory = temporaryDirectory();
    fs.chownSync(directory, 12_345, 12_345);
    expect(() => fileStore({ directory })).toThrow(refused("is user 12345's; `chown` it"));
    fileStore({ directory, allowWiderDirectory: true });
  });

  test("makes the directory, and lets the group in when it is told to", async () => {
    const { store, entry, directory } = setUp({ directory: join(temporaryDirectory(), "a", "b"), mode: 0o640 });
    await store.create("key", entry);
    const modes = [directory, ...pathsBelow(directory)].map((path) => fs.statSync(path).mode & 0o777);
    expect(modes).toEqual([0o750, 0o750, 0o750, 0o640]);
    fileStore({ directory, mode: 0o640 });
    expect(() => fileStore({ directory })).toThrow(refused("is open to others"));
  });
});

describe("a file store and what it did not make", () => {
  test.for([0, 1, 2, 3])("follows no link %d folders up from the record", async (up) => {
    const { store, clock, entry, path } = setUp();
    await store.create("key", entry);
    const before = fs.readFileSync(path);
    const place = range(up).reduce(dirname, path);
    const outside = join(temporaryDirectory(), "outside");
    fs.renameSync(place, outside);
    fs.symlinkSync(outside, place);
    const events = eventsOf();

    expect(await store.read("key")).toBeUndefined();
    expect(events).toEqual([{ type: "refused", reason: expect.stringContaining(place) as string }]);
    await expect(store.create("key", entry)).rejects.toThrow("opens only what it made");
    await expect(store.update("key", { expiresAt: entry.expiresAt })).rejects.toThrow("opens only what it made");
    await expect(store.delete("key")).rejects.toThrow("opens only what it made");
    clock.advance(60_000);
    await store.deleteExpired().catch(() => undefined);
    expect(fs.readFileSync(path)).toEqual(before);
    expect(leftoversBelow(dirname(outside))).toEqual([]);
  });

  test("takes no link for a lock", async () => {
    const { store, entry, path } = setUp();
    await store.create("key", entry);
    const outside = temporaryDirectory();
    fs.writeFileSync(join(outside, "file"), "");
    fs.symlinkSync(outside, lockOf(path));
    await expect(store.delete("key")).rejects.toThrow("ENOTDIR");
    expect(fs.readdirSync(outside)).toEqual(["file"]);
    expect(await store.read("key")).toBeDefined();
  });

  test("is not held up by a pipe or a folder in the place of a record", async () => {
    const { store, entry, path } = setUp();
    await store.create("key", entry);
    fs.unlinkSync(path);
    execFileSync("mkfifo", [path]);
    const events = eventsOf();
    expect(await store.read("key")).toBeUndefined();
    fs.unlinkSync(path);
    fs.mkdirSync(path);
    expect(await store.read("key")).toBeUndefined();
    const event = { type: "refused", reason: `${path} is no file` };
    expect(events).toEqual([event, event]);
  });

  test("leaves files of others alone", async () => {
    const { store, directory, clock, entry, path } = setUp();
    await store.create("key", entry);
    const others = [join(directory, "readme"), join(dirname(path), "readme"), `${path}.bak`];
    for (const other of others) fs.writeFileSync(other, "");
    clock.advance(60_000);
    expect(await store.deleteExpired()).toBe(1);
    for (const other of others) expect(fs.existsSync(other)).toBe(true);
  });
});

describe("a damaged record", () => {
  const damages: [string, (record: Buffer) => Uint8Array, string][] = [
    ["empty", () => bytes(""), "short record"],
    ["cut in its head", (record) => record.subarray(0, 20), "short record"],
    ["cut in its value", (record) => record.subarray(0, -1), "damaged record"],
    ["longer than it was", (record) => Buffer.concat([record, bytes("x")]), "damaged record"],
    ["zeros", (record) => record.fill(0), "foreign record"],
    ["text", () => bytes("a text that is longer than the head of a record"), "foreign record"],
  ];

  test.for(damages)("that is %s is as none, is told of, and gives way to a new one", async ([, damage, reason]) => {
    const { store, entry, path } = setUp();
    await store.create("key", entry);
    fs.writeFileSync(path, damage(fs.readFileSync(path)));
    const events = eventsOf();
    expect(await store.read("key")).toBeUndefined();
    expect(events).toEqual([{ type: "unreadable", key: NAME.slice(0, 16), reason }]);
    expect(await store.update("key", { expiresAt: entry.expiresAt })).toEqual({ done: false, current: undefined });
    expect(await store.delete("key")).toBe(false);
    expect(await listOf(store)).toEqual([]);
    expect(await store.deleteExpired()).toBe(0);
    expect(await store.create("key", entry)).toBe(true);
    expect(textOf(await store.read("key"))).toBe("one");
  });

  test("is found wherever a bit is another one", async () => {
    const { store, entry, path } = setUp();
    await store.create("key", entry);
    const record = fs.readFileSync(path);
    for (const n of record.keys()) {
      const damaged = Buffer.from(record);
      damaged[n] = (record[n] ?? 0) ^ 1;
      fs.writeFileSync(path, damaged);
      expect(await store.read("key")).toBeUndefined();
    }
  });

  test("is what another key's record is", async () => {
    const { store, directory, entry, path } = setUp();
    await store.create("key", entry);
    await store.create("other", entry);
    fs.copyFileSync(pathOf(directory, nameOf("other")), path);
    expect(await store.read("key")).toBeUndefined();
  });
});

describe("a disk that fails", () => {
  const codes = ["EIO", "ENOSPC", "EMFILE"];
  const expiresAt = manualClock().now() + 90_000;
  const verbs: [string, string | undefined, (store: Store) => Promise<unknown>, string | undefined][] = [
    ["create", undefined, (store) => store.create("key", { value: bytes("new"), expiresAt }), "new"],
    ["update", "one", (store) => store.update("key", { expiresAt, before: bytes("one"), value: bytes("new") }), "new"],
    ["touch", "one", (store) => store.update("key", { expiresAt }), "one"],
    ["delete", "one", (store) => store.delete("key"), undefined],
  ];

  test.for(verbs)("leaves %s undone or done, wherever it fails, and works again", async ([, before, act, after]) => {
    let n = 0;
    for (let failed: string | undefined = ""; failed !== undefined; n++) {
      const { store, entry, directory } = setUp();
      if (before !== undefined) await store.create("key", entry);
      const code = codes[n % codes.length] ?? "";
      const outcome = await failing(n, code, () => act(store));
      ({ failed } = outcome);
      const found = textOf(await store.read("key"));
      expect([code, undefined]).toContain(outcome.code);
      expect(outcome.code === undefined ? [after] : [before, after]).toContain(found);
      // What could not be removed is left to a later sweep.
      expect(/unlink|rmdir/.test(failed ?? "") || leftoversBelow(directory)).toBeOneOf([true, []]);
      await act(store);
      expect(textOf(await store.read("key"))).toBe(after);
      // What the failed claim left keeps nobody in its process waiting.
      await store.delete("key");
      expect(await store.create("key", entry)).toBe(true);
      await store.deleteExpired();
      expect(leftoversBelow(directory)).toEqual([]);
    }
    expect(n).toBeGreaterThan(20);
  });
});

describe("what a claim leaves behind", () => {
  const dead = `-${spawnSync(process.execPath, ["--version"]).pid}-`;
  const living = `-${process.pid}-`;
  const [writes, removes] = [tokenFor("write"), tokenFor("remove")];

  const leftovers: [string, string, number, boolean][] = [
    ["a write of a process that has ended", writes.replace(living, dead), 0, true],
    ["a removal of a process that has ended", removes.replace(living, dead), 0, true],
    ["a write of a living process", writes, 0, false],
    ["a removal of a living process", removes, 0, false],
    ["a write elsewhere", elsewhere(writes), 0, false],
    ["a removal elsewhere", elsewhere(removes), 0, false],
    ["an old write of a living process", writes, 61, true],
    ["an old removal of a living process", removes, 61, false],
    ["an old write elsewhere", elsewhere(writes), 61, true],
    ["an old removal elsewhere", elsewhere(removes), 61, true],
  ];

  test.for(leftovers)("%s is swept as it should be", async ([, token, age, isSwept]) => {
    const { store, directory, entry, path } = setUp();
    await store.create("key", entry);
    const made = Date.now() / 1000 - age;
    for (const folder of [lockOf(path), `${path}.${token}.tmp`]) {
      fs.mkdirSync(folder);
      fs.writeFileSync(join(folder, token), "half a rec");
      fs.utimesSync(folder, made, made);
    }
    await store.deleteExpired();
    expect(leftoversBelow(directory)).toHaveLength(isSwept ? 0 : 4);
    expect(await store.read("key")).toBeDefined();
  });

  // Where a container starts again, its first process has the number of the one that was killed.
  test.runIf(process.platform === "linux")("hinders nobody once its number is another process's", async () => {
    const { store, directory, entry, path } = setUp();
    leave(lockOf(path), removes.replace(/^(\w+-\d+)-\d+/, "$1-1"));
    expect(await store.create("key", entry)).toBe(true);
    expect(leftoversBelow(directory)).toEqual([]);
  });

  test.runIf(process.platform === "linux")("hinders nobody while its process is not buried", async () => {
    const { store, directory, entry, path } = setUp();
    // A shell may bury its child; this parent never does.
    const script = 'my $pid = fork; exit unless $pid; $| = 1; print "$pid\\n"; sleep 60';
    const parent = spawn("perl", ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void parent.kill("SIGKILL"));
    const [pid] = (await once(parent.stdout, "data")) as [Buffer];
    await vi.waitFor(() => expect(fs.readFileSync(`/proc/${Number(pid)}/stat`, "utf8")).toContain(") Z "), 10_000);
    leave(lockOf(path), removes.replace(living, `-${Number(pid)}-`));
    expect(await store.create("key", entry)).toBe(true);
    expect(leftoversBelow(directory)).toEqual([]);
  });

  test("is swept when it is empty", async () => {
    const { store, directory, entry, path } = setUp();
    await store.create("key", entry);
    for (const folder of [lockOf(path), `${path}.${writes}.tmp`]) fs.mkdirSync(folder);
    await store.deleteExpired();
    expect(leftoversBelow(directory)).toEqual([]);
  });
});

describe("taking turns", () => {
  test("breaks who holds a record for too long, and is rejected when that does not help", async () => {
    const broken = new Set<string>();
    const turns = takeTurns(
      () => ({ holder: "somebody" }),
      (token) => broken.add(token),
      { holder: 10, all: 50 },
    );
    await expect(turns).rejects.toThrow("fileStore waited 50 ms for somebody");
    expect([...broken]).toEqual(["somebody"]);
  });

  test("breaks nobody who has just come", async () => {
    const broken: string[] = [];
    let count = 0;
    const attempt = () => (++count < 30 ? { holder: `${count}` } : { result: "done" });
    expect(await takeTurns(attempt, (token) => broken.push(token), { holder: 10, all: 5000 })).toBe("done");
    expect(broken).toEqual([]);
  });

  test("does not break a removal by a living process", async () => {
    const { store, entry, path } = setUp();
    await store.create("key", entry);
    fs.mkdirSync(lockOf(path));
    fs.writeFileSync(join(lockOf(path), tokenFor("remove")), "");
    await expect(store.delete("key")).rejects.toThrow("fileStore waited 5000 ms for ");
    expect(await store.read("key")).toBeDefined();
  });
});

describe("the sweep of a file store", () => {
  afterEach(() => void vi.useRealTimers());

  test("begins with the first write, and runs by itself", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { store, clock, entry, path } = setUp({ sweepEvery: 1 });
    await store.read("key");
    expect(vi.getTimerCount()).toBe(0);
    await store.create("key", entry);
    expect(vi.getTimerCount()).toBe(1);
    clock.advance(60_000);
    await vi.advanceTimersByTimeAsync(1000);
    await vi.waitFor(() => expect(fs.existsSync(path)).toBe(false), 10_000);
  });

  test("tells of its failure", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { store, directory, entry } = setUp({ sweepEvery: 1 });
    await store.create("key", entry);
    fs.rmSync(directory, { recursive: true });
    fs.writeFileSync(directory, "");
    const events = eventsOf();
    await vi.advanceTimersByTimeAsync(1000);
    expect(events).toContainEqual({ type: "failed", error: expect.any(Error) as Error });
  });

  test("lets other work through", async () => {
    const { store, clock, entry } = setUp();
    for (const n of range(20)) await store.create(`${n}`, entry);
    clock.advance(60_000);
    let turns = 0;
    const count = (): void => void (turns++, (next = setImmediate(count)));
    let next = setImmediate(count);
    expect(await store.deleteExpired()).toBe(20);
    clearImmediate(next);
    expect(turns).toBeGreaterThanOrEqual(20);
  });

  test("can be switched off", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { store, entry } = setUp({ sweepEvery: 0 });
    await store.create("key", entry);
    expect(vi.getTimerCount()).toBe(0);
  });
});

test("a removed entry leaves no file behind", async () => {
  const { store, entry, path } = setUp();
  for (const remove of [() => store.delete("key"), () => store.update("key", { expiresAt: 0 })]) {
    await store.create("key", entry);
    await remove();
    expect(fs.readdirSync(dirname(path))).toEqual([]);
  }
});

test("a directory that was removed is made again", async () => {
  const { store, directory, entry } = setUp();
  await store.create("key", entry);
  fs.rmSync(directory, { recursive: true });
  expect(await store.read("key")).toBeUndefined();
  expect(await store.deleteExpired()).toBe(0);
  expect(await store.create("key", entry)).toBe(true);
  expect(textOf(await store.read("key"))).toBe("one");
});

/** A store, the path of the record under `key`, and an entry to put there. */
function setUp(options: Partial<FileStoreOptions> = {}): {
  directory: string;
  clock: ManualClock;
  store: ReturnType<typeof fileStore>;
  entry: Entry;
  path: string;
} {
  const clock = manualClock();
  const { directory = temporaryDirectory() } = options;
  const store = fileStore({ clock, ...options, directory });
  const entry = { value: bytes("one"), expiresAt: clock.now() + 60_000 };
  return { directory, clock, store, entry, path: pathOf(directory, NAME) };
}

/** Makes the folder of a claim. */
function leave(folder: string, token: string): void {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  fs.writeFileSync(join(folder, token), "");
}

/** An error that blames an option. */
function refused(message: string): Error {
  return expect.objectContaining({ code: "CONFIG", message: expect.stringContaining(message) as string }) as Error;
}

/** The token as it would be on another machine. */
function elsewhere(token: string): string {
  return `00000000${token.slice(8)}`;
}

/** What is told until the test is over. */
function eventsOf(): unknown[] {
  const events: unknown[] = [];
  const listen = (event: unknown): void => void events.push(event);
  subscribe(EVENTS, listen);
  onTestFinished(() => void unsubscribe(EVENTS, listen));
  return events;
}

async function listOf(store: Listable): Promise<string[]> {
  const keys: string[] = [];
  for await (const [key] of store.list()) keys.push(key);
  return keys;
}

function textOf(entry: Entry | undefined): string | undefined {
  return entry && Buffer.from(entry.value).toString();
}
