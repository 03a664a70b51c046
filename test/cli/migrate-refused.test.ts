/** A new store that does not take one session, and one that takes none: the first is told, the second ends the run. */
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { sha256 } from "../../src/crypto/bytes.ts";
import { fileStore } from "../../src/stores/file.ts";
import type { Store } from "../../src/store.ts";
import { newKey } from "../../src/testing/internal/stage.ts";
import { listen } from "../adapters/servers.ts";
import { has, untilTheEnd } from "../engines.ts";
import { PLACES, groundOf } from "../proof/places.ts";
import { type Line, through } from "../proof/through.ts";
import { flagon } from "./flagon.ts";
import { configOver, contentsOf, folderWith, live, removeFolders, told, withCreate } from "./folder.ts";

afterEach(removeFolders);

describe.each([
  ["memcached", 1100, "over its limit", [[], ["--delete"]]],
  ["dynamo", 410, "size", []],
] as const)("flagon migrate to %s", (place, kilobytes, reason, stops) => {
  const isHere = has(place);
  let fresh: Store;
  let line: Line;
  beforeAll(async () => {
    if (!isHere) return;
    const ground = await untilTheEnd(groundOf(place));
    line = await through(place, ground.address);
    await untilTheEnd(Promise.resolve(line.proxy));
    const opened = await PLACES[place]?.open(ground.address);
    if (!opened) throw new Error("there is no such place");
    await untilTheEnd(Promise.resolve({ stop: () => opened.close() }));
    fresh = opened.store;
  });

  /** Files with six small sessions and, if it is asked for, a large one; and more of a configuration. */
  async function stage({ large = false, more = "" } = {}) {
    const folder = folderWith(configOver({ old: ["file", "old"], fresh: [place, line.address] }) + more);
    const old = fileStore({ directory: join(folder, "old"), sweepEvery: 0 });
    const keys = Array.from({ length: 6 }, newKey);
    for (const key of keys) await old.create(key, live(key));
    const tooLarge = newKey();
    if (large) await old.create(tooLarge, live(new Uint8Array(kilobytes * 1024).fill(1)));
    const run = (...args: string[]) => flagon(folder, "migrate", "--from", "old", "--quiet", "--json", ...args);
    return { old, keys, tooLarge, run };
  }

  async function textIn(store: Store, key: string): Promise<string | undefined> {
    const found = await store.read(key);
    return found && Buffer.from(found.value).toString();
  }

  test.skipIf(!isHere).each([[[]], [["--delete"]]])("leaves what is too large where it is, %j", async (args) => {
    const { old, keys, tooLarge, run } = await stage({ large: true });
    const ran = await run("--to", "fresh", ...args);
    expect(ran.code).toBe(1);
    const refused = { refused: 1, refusedKeys: [sha256(tooLarge).slice(0, 16)] };
    expect(told(ran)).toMatchObject({ read: 7, moved: 6, unreadable: 0, ...refused });
    expect(told(ran)["refusal"]).toContain(reason);
    for (const key of keys) expect(await textIn(fresh, key)).toBe(key);
    expect(await fresh.read(tooLarge)).toBeUndefined();
    const left = Object.keys(await contentsOf(old)).toSorted();
    expect(left).toEqual(args.length > 0 ? [tooLarge] : [...keys, tooLarge].toSorted());
    expect((await old.read(tooLarge))?.value).toHaveLength(kilobytes * 1024);
  });

  // Once is enough: it is the same for every engine.
  test.skipIf(!isHere).each(stops.map((args) => [args]))(
    "stops when the store has gone, and goes on, %j",
    async (args) => {
      const control = await untilTheEnd(
        listen((_request, response) => {
          line.proxy.faults.refuses = true;
          line.proxy.cut();
          response.end();
        }).then(({ url, close }) => ({ url, stop: close })),
      );
      const { old, keys, run } = await stage({ more: cuttingAt(4, control.url) });
      const stopped = await run("--to", "cutting", "--concurrency", "1", ...args);
      expect(stopped).toMatchObject({ code: 1, out: "" });
      line.proxy.heal();
      const left = Object.keys(await contentsOf(old));
      expect(left.length).toBeGreaterThan(args.length > 0 ? 1 : 5);
      const ended = told(await run("--to", "fresh", ...args));
      expect(ended).toMatchObject({ refused: 0, unreadable: 0 });
      for (const key of keys) expect(await textIn(fresh, key)).toBe(key);
      expect(await contentsOf(old)).toEqual(args.length > 0 ? {} : Object.fromEntries(keys.map((key) => [key, key])));
    },
  );
});

/** A new store whose line is cut when it is to write so many records. */
const cuttingAt = (nth: number, url: string) => `
let count = 0;
const create = async (...args) => {
  if (++count === ${nth}) await fetch("${url}");
  return fresh.create(...args);
};
${withCreate("cutting", "fresh", "create")}`;
