/** The records of other libraries by the command line as it is started: dry, killed in the middle, and gone on with. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { msgpack } from "../../src/codecs/msgpack.ts";
import { sha256 } from "../../src/crypto/bytes.ts";
import type { Listable, Store } from "../../src/store.ts";
import { has, untilTheEnd } from "../engines.ts";
import { PLACES, groundOf } from "../proof/places.ts";
import { flagon } from "./flagon.ts";
import { configOver, contentsOf, folderWith, removeFolders, told, withCreate } from "./folder.ts";
import { LEFT } from "./former-records.ts";

const [COUNT, DEATH] = [20, 8];
const isHere = has("postgres");

describe.skipIf(!isHere)("flagon migrate to PostgreSQL", () => {
  let address: string;
  let fresh: Store & Listable;
  beforeAll(async () => {
    ({ address } = await untilTheEnd(groundOf("postgres")));
    const opened = await PLACES["postgres"]?.open(address);
    await untilTheEnd(Promise.resolve({ stop: () => opened?.close() }));
    fresh = opened?.store as Store & Listable;
  });
  afterEach(async () => {
    for (const key of await keysIn(fresh)) await fresh.delete(key);
    removeFolders();
  });

  const cases = Object.entries(LEFT).filter(([, { needs }]) => needs.every((name) => has(name)));
  test.each(cases)("reads what is left by %s, and is killed on its way", async (_name, { leave }) => {
    const { ids, data, config, options } = await leave(COUNT);
    const folder = folderWith(config + freshAt(address));
    const run = (...args: string[]) =>
      flagon(folder, "migrate", "--from", "old", "--to", "fresh", ...options, "--quiet", "--json", ...args);
    const unreadable = { unreadable: 1, unreadableKeys: [expect.stringMatching(/^[0-9a-f]{16}$/) as string] };

    const dry = await run("--dry-run");
    expect([dry.code, await keysIn(fresh)]).toEqual([1, []]);
    expect(told(dry)).toMatchObject({ read: COUNT + 1, moved: COUNT, ...unreadable });

    writeFileSync(join(folder, "fall"), "");
    expect(await run("--concurrency", "4", "--resume", "state.json")).toMatchObject({ code: null, out: "" });
    rmSync(join(folder, "fall"));
    const moved = (await keysIn(fresh)).length;
    expect([moved > 0, moved < COUNT]).toEqual([true, true]);

    const ended = await run("--verify", "--resume", "state.json");
    const all = { read: COUNT + 1, moved: COUNT - moved, there: moved, verified: COUNT, different: 0, missing: 0 };
    expect(told(ended)).toMatchObject({ ...all, ...unreadable });
    expect(await keysIn(fresh)).toEqual(ids.map((id) => sha256(id)).toSorted());
    for (const id of ids) expect(await dataOf(fresh, id)).toEqual({ ...data, _permanent: true });
  });
});

/** A new store whose process is killed, as `kill -9` does it, before a write in the middle: where a file says so. */
const freshAt = (address: string) => `
import { existsSync } from "node:fs";
let count = 0;
const create = async (...args) => {
  if (++count === ${DEATH} && existsSync("fall")) process.kill(process.pid, "SIGKILL");
  return whole.create(...args);
};
${configOver({ whole: ["postgres", address] })}
${withCreate("fresh", "whole", "create")}`;

async function keysIn(store: Listable): Promise<string[]> {
  return Object.keys(await contentsOf(store)).toSorted();
}

/** What is known of the session of an id, but for when it began. */
async function dataOf(store: Store, id: string): Promise<Record<string, unknown>> {
  const decoded = msgpack().decode((await store.read(sha256(id)))?.value ?? new Uint8Array());
  const { _createdAt: createdAt, ...data } = Object.fromEntries(decoded ?? []) as Record<string, unknown>;
  expect(createdAt).toBeTypeOf("number");
  return data;
}
