import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Keyv } from "keyv";
import { createStorage } from "unstorage";
import { afterAll, describe, expect, test } from "vitest";
import { flaskSession } from "../../src/flask/flask.ts";
import { type Data, Visitor } from "../core/helpers.ts";

const directory = mkdtempSync(join(tmpdir(), "flagon-cachelib-"));
afterAll(() => rmSync(directory, { recursive: true }));

describe("SESSION_TYPE cachelib", () => {
  const kinds: Record<string, () => object> = {
    "a Keyv": () => ({ SESSION_CACHELIB: new Keyv({ throwOnErrors: true }) }),
    unstorage: () => ({ SESSION_CACHELIB: createStorage() }),
    "files of its own": () => ({ SESSION_FILE_DIR: directory }),
  };
  test.each(Object.entries(kinds))("keeps sessions in %s, over a restart", async (_name, make) => {
    const config = { SESSION_TYPE: "cachelib", ...make() };
    const before = new Visitor(flaskSession<Data>(config));
    await before.visit((session) => Object.assign(session, { user: "ada", when: new Date(0) }));
    const after = new Visitor(flaskSession<Data>(config));
    after.cookie = before.cookie;
    expect({ ...(await after.open()) }).toEqual({ _permanent: true, user: "ada", when: new Date(0) });
  });

  test.each([{}, new Map(), new Keyv(), { getItem: 5 }])("refuses %o as SESSION_CACHELIB", (cache) => {
    expect(() => flaskSession({ SESSION_TYPE: "cachelib", SESSION_CACHELIB: cache })).toThrow(
      expect.objectContaining({ code: "CONFIG" }),
    );
  });
});
