import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import type { Listable, Store, Sweepable } from "../../src/store.ts";
import { fileStore } from "../../src/stores/file.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { bytes } from "../../src/testing/internal/stage.ts";
import { flagon, startFlagon } from "./flagon.ts";

const HOUR = 3_600_000;
const SOURCE = pathToFileURL(join(import.meta.dirname, "../../src")).href;

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A folder to run in, with these files. */
function folderWith(files: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "flagon-cli-"));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const OVER_FILES = `
import { fileStore } from "${SOURCE}/stores/file.ts";
export const store = fileStore({ directory: "sessions" });
`;

/** A folder whose configuration is a store of files, and that store. */
function folderOverFiles(name = "flagon.config.mjs", more = ""): { folder: string; store: Files } {
  const folder = folderWith({ [name]: OVER_FILES + more });
  return { folder, store: fileStore({ directory: join(folder, "sessions") }) };
}

type Files = Store & Listable & Sweepable;

/** Creates so many sessions whose end was an hour ago, and as many that live. */
async function fill(folder: string, count: number): Promise<void> {
  const yesterday = fileStore({
    directory: join(folder, "sessions"),
    clock: manualClock(Date.now() - 2 * HOUR),
    sweepEvery: 0,
  });
  for (let n = 0; n < count; n++) {
    await yesterday.create(`old ${n}`, { value: bytes("old"), expiresAt: Date.now() - HOUR });
    await yesterday.create(`live ${n}`, { value: bytes("live"), expiresAt: Date.now() + HOUR });
  }
}

async function countLive(store: Listable): Promise<number> {
  let count = 0;
  for await (const [key] of store.list()) if (key.startsWith("live")) count++;
  return count;
}

/** A configuration whose store is asked nothing but to sweep. */
function sweeping(deleteExpired: string, more = ""): string {
  return `
const verb = async () => undefined;
export default { create: verb, read: verb, update: verb, delete: verb, ${deleteExpired} };
${more}`;
}

describe("flagon sweep", () => {
  test("removes what has expired, says how much, and leaves the rest", async () => {
    const { folder, store } = folderOverFiles();
    await fill(folder, 20);
    const ran = await flagon(folder, "sweep");
    expect(ran).toMatchObject({ code: 0, err: "" });
    expect(ran.out).toMatch(/^20 expired sessions removed from the store of flagon\.config\.mjs in \d+\.\d s\n$/);
    expect(await store.deleteExpired()).toBe(0);
    expect(await countLive(store)).toBe(20);
  });

  test("counts nothing twice where several sweep at once", async () => {
    const { folder, store } = folderOverFiles("sessions.mjs");
    await fill(folder, 150);
    const runs = await Promise.all([1, 2, 3].map(() => flagon(folder, "sweep", "--config", "sessions.mjs", "--json")));
    const told = runs.map(({ out }) => JSON.parse(out) as { deleted: number });
    expect(told[0]).toEqual({
      config: "sessions.mjs",
      sweepable: true,
      deleted: expect.any(Number) as number,
      seconds: expect.any(Number) as number,
    });
    expect(told.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(150);
    expect(await countLive(store)).toBe(150);
  });

  test("goes on with --every until it is told to stop, and closes then what was opened", async () => {
    const { folder } = folderOverFiles("flagon.config.js", "export const close = async () => console.log('closed');");
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const running = startFlagon(folder, "sweep", "--every", "0.02");
    await expect.poll(running.out).toContain("0 expired sessions");
    await fill(folder, 1);
    await expect.poll(running.out).toContain("1 expired session removed");
    running.child.kill("SIGTERM");
    expect(await running.ended).toMatchObject({ code: 0, err: "", out: expect.stringMatching(/closed\n$/) as string });
  });

  test("goes on with --every over an outage, and tells of it", async () => {
    const store = sweeping(
      "deleteExpired: async () => { if (calls++ === 0) throw new Error('away'); return 3; }",
      "let calls = 0;",
    );
    const running = startFlagon(folderWith({ "flagon.config.mjs": store }), "sweep", "--every", "0.02", "--json");
    await expect.poll(running.out).toContain('"deleted":3');
    running.child.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 0, err: "flagon sweep: away\n" });
  });

  test("takes the promise of a store, ends although a client is open, and says that there is nothing to sweep", async () => {
    const config = `
import { createServer } from "node:net";
createServer().listen(0, "127.0.0.1");
const verb = async () => undefined;
export default Promise.resolve({ create: verb, read: verb, update: verb, delete: verb });`;
    const ran = await flagon(folderWith({ "flagon.config.mjs": config }), "sweep", "--every", "60");
    expect(ran).toMatchObject({ code: 0, err: "" });
    expect(ran.out).toContain("nothing to sweep: the store of flagon.config.mjs has no deleteExpired");
  });

  test("sweeps the store that Flask's configuration names", async () => {
    const config = `
import { flaskStore } from "${SOURCE}/flask/flask.ts";
export default flaskStore({ SESSION_TYPE: "filesystem", SESSION_FILE_DIR: "sessions" });`;
    const folder = folderWith({ "flagon.config.mjs": config });
    await fill(folder, 2);
    expect((await flagon(folder, "sweep")).out).toContain("2 expired sessions removed");
  });
});

describe("flagon sweep fails", () => {
  const refused = `
class Refused extends Error { code = "ECONNREFUSED"; }
const cause = new AggregateError([new Refused("connect to postgres://ada:hunter2@db refused")]);`;
  const failing = sweeping("deleteExpired: async () => { throw new Error('could not sweep', { cause }) }", refused);

  test("with 1 and one line that says what failed and why, without a password", async () => {
    const ran = await flagon(folderWith({ "flagon.config.mjs": failing }), "sweep");
    const line = "flagon sweep: could not sweep: connect to postgres://ada:***@db refused (ECONNREFUSED)\n";
    expect(ran).toEqual({ code: 1, out: "", err: line });
  });

  test("with a stack when asked, still without a password", async () => {
    const { code, err } = await flagon(folderWith({ "flagon.config.mjs": failing }), "sweep", "--verbose");
    expect(code).toBe(1);
    expect(err).toMatch(/\n\s+at .*flagon\.config\.mjs/);
    expect(err).not.toContain("hunter2");
  });

  test("with 1 when the module throws, or cannot close", async () => {
    const throws = await flagon(folderWith({ "flagon.config.mjs": "throw new TypeError('no such host')" }), "sweep");
    expect(throws).toEqual({ code: 1, out: "", err: "flagon sweep: no such host\n" });
    const config = sweeping(
      "deleteExpired: async () => 1",
      "export const close = () => { throw new Error('in use') };",
    );
    const cannot = await flagon(folderWith({ "flagon.config.mjs": config }), "sweep");
    expect(cannot).toMatchObject({ code: 1, err: "flagon sweep: in use\n" });
  });

  test.each([
    [["sweep"], "there is no flagon.config.js, flagon.config.mjs, flagon.config.ts here"],
    [["sweep", "--config", "nowhere.mjs"], "there is no file nowhere.mjs"],
    [["sweep", "--config", "empty.mjs"], "empty.mjs exports no store"],
    [["sweep", "--evry", "5"], "(Did you mean --every?)\n(flagon sweep --help shows what there is)"],
    [["sweep", "--every", "0"], "argument '0' is invalid. Give seconds, more than 0"],
    [["sweep", "everything"], "too many arguments"],
    [["swep"], "(Did you mean sweep?)\n(flagon --help shows what there is)"],
    [[], "Usage: flagon <command> [options]"],
  ])("with 2 for %j, and says what would do", async (args, message) => {
    const { code, out, err } = await flagon(folderWith({ "empty.mjs": "export const store = {};" }), ...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
  });
});

test("flagon shows its help, that of its commands, and its version", async () => {
  const folder = folderWith();
  expect(await flagon(folder, "--help")).toMatchObject({ code: 0, out: expect.stringContaining("sweep") as string });
  const [help, asked] = [await flagon(folder, "help", "sweep"), await flagon(folder, "sweep", "--help")];
  expect(help).toMatchObject({ code: 0, out: expect.stringContaining("--every <seconds>") as string });
  expect(help).toEqual(asked);
  expect(await flagon(folder, "--version")).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
  });
});

test("flagon ends quietly when nobody reads on", async () => {
  const { child, ended } = startFlagon(".", "--help");
  child.stdout?.destroy();
  expect(await ended).toMatchObject({ err: "", code: 0 });
});
