/** The file store on a disk that is taken away while it is in use. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { fileStore } from "../../src/stores/file.ts";
import { entry, holding } from "./entries.ts";
import { temporaryDirectory } from "./worker-directory.ts";

/** A disk that any user may write to. */
const OTHER = "/dev/shm";

const isAnother = existsSync(OTHER) && statSync(OTHER).dev !== statSync(tmpdir()).dev;

const NOT_THERE = /^the disk that .+ was on is not there; mount it, or begin anew by a restart$/;

// Only root may mount, but anybody may lead a path to another disk.
describe.skipIf(!isAnother)("a disk that is not mounted any more", () => {
  test.each([
    ["an empty directory", (beneath: string) => mkdirSync(join(beneath, "sessions"))],
    ["nothing", () => undefined],
  ])("ends no session, where beneath it is %s", async (_name, prepare) => {
    const { directory, beneath, disk, mount } = twoDisks();
    prepare(beneath);
    mount(disk);
    const store = fileStore({ directory });
    await store.create("key", entry("a"));

    mount(beneath);
    const before = readdirSync(beneath, { recursive: true });
    const swap = { ...entry("b"), before: entry("a").value };
    for (const verb of [
      () => store.read("key"),
      () => store.create("other", entry("a")),
      () => store.update("key", swap),
      () => store.delete("key"),
      () => store.list()[Symbol.asyncIterator]().next(),
      () => store.deleteExpired(),
    ]) {
      await expect(verb()).rejects.toThrow(NOT_THERE);
    }
    expect(readdirSync(beneath, { recursive: true })).toEqual(before);

    mount(disk);
    expect(await store.read("key")).toMatchObject(holding("a"));
    expect(await store.update("key", swap)).toEqual({ done: true });
  });

  test("is known again when it is mounted under another number, and missed again", async () => {
    const { directory, beneath, disk, mount } = twoDisks();
    mount(beneath);
    const store = fileStore({ directory });
    await store.create("key", entry("a"));
    cpSync(beneath, disk, { recursive: true });

    mount(disk);
    expect(await store.read("key")).toMatchObject(holding("a"));
    rmSync(join(beneath, "sessions"), { recursive: true });
    mount(beneath);
    await expect(store.read("key")).rejects.toThrow(NOT_THERE);
  });

  test("is there as long as its directory is only removed: the sessions are", async () => {
    const { directory, disk, mount } = twoDisks();
    mount(disk);
    const store = fileStore({ directory });
    await store.create("key", entry("a"));
    rmSync(directory, { recursive: true });
    expect(await store.read("key")).toBeUndefined();
    expect(await store.create("key", entry("b"))).toBe(true);
    expect(await store.read("key")).toMatchObject(holding("b"));
  });
});

/** Two directories on two disks, and a path that leads to either. */
function twoDisks() {
  const [place, beneath] = [join(temporaryDirectory(), "mount"), temporaryDirectory()];
  const disk = mkdtempSync(join(OTHER, "flagon-"));
  onTestFinished(() => rmSync(disk, { recursive: true }));
  const mount = (there: string) => {
    rmSync(place, { force: true });
    symlinkSync(there, place);
  };
  return { directory: join(place, "sessions"), beneath, disk, mount };
}
