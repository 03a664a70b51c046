import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { engine, has } from "../engines.ts";
import { PLACES } from "./places.ts";
import { race } from "./race.ts";

/** The short form of `npm run proof`. */
const CHANGES = 200;

for (const [name, place] of Object.entries(PLACES)) {
  describe.skipIf(place.engine !== undefined && !has(place.engine))(`four processes and one session in ${name}`, () => {
    let address: string;
    beforeAll(async () => {
      if (place.engine === undefined) {
        address = mkdtempSync(join(tmpdir(), "flagon-proof-"));
      } else {
        const access = (await engine(place.engine)) as { url?: string; server?: string };
        address = access.url ?? access.server ?? "";
      }
      await place.prepare?.(address);
    });
    afterAll(() => {
      if (place.engine === undefined) rmSync(address, { recursive: true, force: true });
    });

    test("lose none of the keys that each sets", { timeout: 120_000 }, async () => {
      expect(await race(name, address, "keys", CHANGES)).toMatchObject({ acknowledged: CHANGES, found: CHANGES });
    });

    test("count exactly by update", { timeout: 120_000 }, async () => {
      expect(await race(name, address, "count", CHANGES)).toMatchObject({ acknowledged: CHANGES, found: CHANGES });
    });
  });
}
