import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { guarded } from "../../src/core/guard.ts";
import { SessionError } from "../../src/errors.ts";
import { cleaning } from "../../src/flask/cleanup.ts";
import { type FlaskConfig, flaskSession, flaskStore } from "../../src/flask/flask.ts";
import { opening } from "../../src/flask/opening.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { bytes } from "../../src/testing/internal/stage.ts";
import { anonymous, type Data, eventsOf, Visitor } from "../core/helpers.ts";

const DAY = 24 * 3600 * 1000;

const directories: string[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function filesIn(config: FlaskConfig = {}): FlaskConfig {
  const directory = mkdtempSync(join(tmpdir(), "flagon-cleanup-"));
  directories.push(directory);
  return { SESSION_TYPE: "filesystem", SESSION_FILE_DIR: directory, ...config };
}

function countFiles({ SESSION_FILE_DIR = "" }: FlaskConfig): number {
  return readdirSync(SESSION_FILE_DIR, { recursive: true, withFileTypes: true }).filter((each) => each.isFile()).length;
}

/** A sweep that goes on until it is told to end. */
function longSweep() {
  const ends: { resolve: (gone: number) => void; reject: (error: Error) => void }[] = [];
  const deleteExpired = () => new Promise<number>((resolve, reject) => ends.push({ resolve, reject }));
  return { ends, deleteExpired };
}

describe("SESSION_CLEANUP_N_REQUESTS", () => {
  const sessions = flaskSession({ SECRET_KEY: "dev" });

  test("gives each request a chance of 1 in N + 1, as Flask-Session does", async () => {
    let swept = 0;
    const chances = [0, 0.0999, 0.1, 0.5, 0.999];
    const deleteExpired = async () => ++swept;
    const random = () => chances.shift() ?? 1;
    const cleaned = cleaning(sessions, { deleteExpired, requests: 9, random });
    const counts: number[] = [];
    for (let request = 0; request < 5; request++) {
      await cleaned.open(anonymous);
      await nextTurn();
      counts.push(swept);
    }
    expect(counts).toEqual([1, 2, 2, 2, 2]);
  });

  test("has no request wait for a sweep, and begins none while another one runs", async () => {
    const { ends, deleteExpired } = longSweep();
    const cleaned = cleaning(sessions, { deleteExpired, requests: 9, random: () => 0 });
    for (let request = 0; request < 3; request++) await cleaned.open(anonymous);
    await expect.poll(() => ends.length).toBe(1);
    ends[0]?.resolve(0);
    await nextTurn();
    await cleaned.open(anonymous);
    await expect.poll(() => ends.length).toBe(2);
  });

  test("fails no request when a sweep fails: an event tells of it, and the next one sweeps again", async () => {
    const { ends, deleteExpired } = longSweep();
    const cleaned = cleaning(sessions, { deleteExpired, requests: 9, random: () => 0 });
    const failure = new Error("the disk is gone");
    const events = await eventsOf(async () => {
      await cleaned.open(anonymous);
      await expect.poll(() => ends.length).toBe(1);
      ends[0]?.reject(failure);
      await nextTurn();
    });
    expect(events).toEqual([{ type: "failed", error: failure }]);
    await cleaned.open(anonymous);
    await expect.poll(() => ends.length).toBe(2);
  });

  test("removes what has expired, and leaves the rest", async () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    const [clock, config] = [manualClock(), filesIn({ SESSION_CLEANUP_N_REQUESTS: 100 })];
    const cleaned = flaskSession<Data>(config, { clock });
    const store = await flaskStore(config, { clock });
    const visitor = new Visitor(cleaned);
    await visitor.visit((session) => Object.assign(session, { user: "ada" }));
    await store.create("session:old", { value: bytes("old"), expiresAt: clock.now() + DAY });
    await store.create("session:new", { value: bytes("new"), expiresAt: clock.now() + 2 * DAY });
    const before = countFiles(config);
    clock.advance(DAY);
    await visitor.open();
    await expect.poll(() => countFiles(config)).toBe(before - 1);
    expect(await store.read("session:new")).toBeDefined();
    expect((await visitor.open())["user"]).toBe("ada");
  });

  test("is never by default, and has no effect on a store that cannot be swept", async () => {
    const random = vi.spyOn(Math, "random").mockReturnValue(0);
    const redis = { sendCommand: async () => [null, -2], withTypeMapping: () => undefined };
    for (const config of [filesIn(), { SESSION_TYPE: "redis", SESSION_REDIS: redis, SESSION_CLEANUP_N_REQUESTS: 1 }]) {
      const request = { cookie: "session=unknown", secure: false };
      expect((await flaskSession(config).open(request)).isNew).toBe(true);
    }
    expect(random).not.toHaveBeenCalled();
  });
});

describe("a sweep", () => {
  test("takes longer than a verb may, and says what failed", async () => {
    const { ends, deleteExpired } = longSweep();
    const read = () => new Promise<never>(() => undefined);
    const store = guarded(Object.assign(memoryStore(), { deleteExpired, read }), 0.001);
    const sweeps = [store.deleteExpired?.(), store.deleteExpired?.()];
    await expect(store.read("key")).rejects.toThrow("could not read");
    ends[0]?.resolve(7);
    ends[1]?.reject(new Error("the disk is gone"));
    expect(await sweeps[0]).toBe(7);
    await expect(sweeps[1]).rejects.toMatchObject({ code: "STORE", message: "the session store could not sweep" });
  });

  test("waits for a store that is being opened, and does nothing where that one cannot", async () => {
    const { create, read, update, delete: remove } = memoryStore();
    const cannot = { create, read, update, delete: remove };
    expect(await opening(async () => ({ ...cannot, deleteExpired: async () => 3 })).deleteExpired()).toBe(3);
    expect(await opening(async () => cannot).deleteExpired()).toBe(0);
  });
});

describe("flaskStore", () => {
  test("gives the store that a configuration names, with all that it can do", async () => {
    const store = await flaskStore(filesIn());
    expect([store.list, store.deleteExpired]).toEqual([expect.any(Function), expect.any(Function)]);
  });

  test.each([{}, { SESSION_TYPE: "null" }, { SECRET_KEY: "dev" }])(
    "refuses %o, which keeps nothing",
    async (config) => {
      await expect(flaskStore(config)).rejects.toMatchObject({ code: "CONFIG" });
    },
  );

  test("says when the store is out of reach", async () => {
    const opened = flaskStore({ SESSION_TYPE: "redis", SESSION_REDIS: "redis://127.0.0.1:1" });
    await expect(opened).rejects.toThrow(SessionError);
    await expect(opened).rejects.toMatchObject({ code: "STORE", message: "the session store is out of reach" });
  });
});
