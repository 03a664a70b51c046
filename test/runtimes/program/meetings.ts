/** Requests of one session that meet while its store takes its time, as one behind a socket does. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { type FetchOptions, session } from "../../../src/adapters/fetch.ts";
import { sessions } from "../../../src/index.ts";
import type { Store } from "../../../src/store.ts";
import { keyvStore } from "../../../src/stores/keyv.ts";
import { memoryStore } from "../../../src/stores/memory.ts";
import { type Served, type Test, browser, countingStore } from "../../../src/testing/index.ts";
import Keyv from "keyv";

type Serve = (handler: (request: Request) => Promise<Response>) => Served | Promise<Served>;

const slowly = () => pause(20);

export function testMeetings(test: Test, serve: Serve): void {
  for (const tabs of [2, 8]) {
    test(`counts what ${tabs} requests at once add`, async () => {
      assert.deepEqual(await visit(tabs, serve, countingStore(memoryStore(), slowly)), [[200], `${tabs + 1}`]);
    });
  }

  test("counts what 4 requests add, each of which has its session alone", async () => {
    const store = countingStore(memoryStore(), slowly);
    assert.deepEqual(await visit(4, serve, store, { lock: true }), [[200], "5"]);
  });

  test("answers 4 requests over a store that cannot swap", async () => {
    const values = new Map<string, unknown>();
    const slow = {
      get: async (key: string) => (await slowly(), values.get(key)),
      set: async (key: string, value: unknown) => (await slowly(), values.set(key, value)),
      delete: async (key: string) => (await slowly(), values.delete(key)),
      clear: () => values.clear(),
    };
    const [statuses] = await visit(4, serve, keyvStore(new Keyv({ store: slow, throwOnErrors: true })));
    assert.deepEqual(statuses, [200]);
  });
}

/** The statuses of so many visits at once by one browser, and the count that stands there afterwards. */
async function visit(tabs: number, serve: Serve, store: Store, options: FetchOptions = {}) {
  const keys = { current: "meetings-own_key-for-tests-only_0123456789" };
  const handler = session(
    sessions<{ n: number }>({ store, keys }),
    async ({ url }, context) => {
      const mine = await context.session();
      if (url.endsWith("/add")) mine.update("n", (n) => (n ?? 0) + 1);
      return new Response(String(mine.get("n")));
    },
    options,
  );
  const { url: at, close } = await serve(handler);
  const tab = browser(at);
  await tab.visit("/add");
  const pages = await Promise.all(Array.from({ length: tabs }, () => tab.visit("/add")));
  const { text } = await tab.visit("/");
  await close();
  return [[...new Set(pages.map(({ status }) => status))], text];
}
