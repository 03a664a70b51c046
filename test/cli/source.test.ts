import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import session from "express-session";
import memoryStoreOf from "memorystore";
import fileStoreOf from "session-file-store";
import { afterAll, describe, expect, test } from "vitest";
import { type Source, sourceIn } from "../../src/cli/migrate/source.ts";
import { ask } from "../../src/connect-store.ts";

const HOUR = 3_600_000;
const DAY = 86_400;
const FileStore = fileStoreOf(session);
const MemoryStore = memoryStoreOf(session);

const folder = mkdtempSync(join(tmpdir(), "flagon-source-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function contentsOf(source: Source): Promise<Record<string, unknown>> {
  const contents: Record<string, unknown> = {};
  for await (const { key, read } of source.list()) {
    const found = await read();
    contents[key] = found && (JSON.parse(Buffer.from(found.value).toString()) as unknown);
  }
  return contents;
}

describe.each([
  ["memorystore", () => new MemoryStore({})],
  ["express-session's own", () => new session.MemoryStore()],
  ["session-file-store", () => new FileStore({ path: folder, retries: 0, reapInterval: -1, logFn: () => undefined })],
])("%s as the old store", (_name, open) => {
  test("tells its sessions by their ids, reads and deletes them", async () => {
    const store = open();
    const expires = new Date(Date.now() + HOUR);
    const cookie = { originalMaxAge: HOUR, expires, maxAge: HOUR };
    await ask(store, "set", "id-1", { cookie, user: "ada" });
    await ask(store, "set", "id-2", { cookie, user: "bob" });
    const source = sourceIn("old", store, DAY);
    expect(await contentsOf(source)).toMatchObject({ "id-1": { user: "ada" }, "id-2": { user: "bob" } });
    expect(Math.abs(((await source.read?.("id-1"))?.expiresAt ?? 0) - Number(expires))).toBeLessThan(5000);
    expect(await source.delete?.("id-1")).toBe(true);
    expect(await source.delete?.("id-1")).toBe(false);
    expect(Object.keys(await contentsOf(source))).toEqual(["id-2"]);
  });
});

test("a session without an end lives for the given time, and one that has ended is none", async () => {
  const store = new session.MemoryStore();
  await ask(store, "set", "endless", { cookie: { expires: null }, user: "ada" });
  const found = await sourceIn("old", store, 60).read?.("endless");
  expect(Math.abs((found?.expiresAt ?? 0) - Date.now() - 60_000)).toBeLessThan(5000);
  const ended = {
    get: (_id: string, back: (error: null, session: object) => void) => back(null, ENDED),
    destroy() {},
    all() {},
  };
  expect(await sourceIn("old", ended, 60).read?.("ended")).toBeUndefined();
});

const ENDED = { cookie: { expires: new Date(0) }, user: "ada" };

test("a file that is no JSON rejects as unreadable does", async () => {
  writeFileSync(join(folder, "broken.json"), "{");
  const store = new FileStore({ path: folder, retries: 0, reapInterval: -1, logFn: () => undefined });
  await expect(sourceIn("old", store, 60).read?.("broken")).rejects.toThrow(SyntaxError);
});

test("a store that tells no ids is refused, with what would do", async () => {
  const anonymous = {
    get() {},
    destroy() {},
    all: (back: (error: null, all: object[]) => void) => back(null, [{ cookie: {} }]),
  };
  await expect(contentsOf(sourceIn("old", anonymous, 60))).rejects.toThrow("give an object whose list() yields");
});
