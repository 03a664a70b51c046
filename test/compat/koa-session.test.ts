import { afterEach, describe, expect, test } from "vitest";
import { koaSession } from "../../src/compat/koa-session.ts";
import { koaSessionApp } from "./applications.ts";
import { testReader } from "./common.ts";
import { closeAll, loggedIn, site, userOf } from "./site.ts";

const KEYS = ["the old application's newer key", "the old application's older key"];
const HOUR = 3600_000;

/** A store as koa-session asks for it. */
function externalStore() {
  const records = new Map<string, unknown>();
  return {
    records,
    get: async (key: string) => records.get(key),
    set: async (key: string, record: unknown) => void records.set(key, record),
    destroy: async (key: string) => void records.delete(key),
  };
}

afterEach(closeAll);

describe("koa-session in the cookie", () => {
  testReader(() => ({
    old: koaSessionApp(KEYS),
    reader: koaSession({ keys: KEYS }),
    shares: false,
    names: ["koa.sess", "koa.sess.sig"],
  }));

  test("a session is read to its end, and no longer", async () => {
    const ours = await site({ readers: [koaSession({ keys: KEYS })] });
    const old = koaSessionApp(KEYS, { maxAge: HOUR });
    const [ada, late] = [await loggedIn(ours, old), await loggedIn(ours, old)];
    ours.clock.advance(HOUR - 60_000);
    expect(userOf(await ours.visitor().visit("/", { cookie: ada.former }))).toBe("ada");
    ours.clock.advance(120_000);
    expect(userOf(await ours.visitor().visit("/", { cookie: late.former }))).toBeUndefined();
  });

  test("a cookie outlives the browser if it did, and not otherwise", async () => {
    const ours = await site({ readers: [koaSession({ keys: KEYS, permanent: true })] });
    for (const [maxAge, lasts] of [
      [HOUR, true],
      ["session", false],
    ] as const) {
      const { ada } = await loggedIn(ours, koaSessionApp(KEYS, { maxAge }));
      const line = (await ada.visit("/")).setCookies.find((one) => one.startsWith("sid="));
      expect(line?.includes("Expires=")).toBe(lasts);
    }
  });
});

describe("koa-session with a store", () => {
  testReader(() => {
    const store = externalStore();
    return {
      old: koaSessionApp(KEYS, { store }),
      reader: koaSession({ keys: KEYS, store }),
      shares: true,
      names: ["koa.sess", "koa.sess.sig"],
    };
  });

  test("the old record is removed", async () => {
    const store = externalStore();
    const ours = await site({ readers: [koaSession({ keys: KEYS, store })] });
    const { ada } = await loggedIn(ours, koaSessionApp(KEYS, { store }));
    expect(store.records.size).toBe(1);
    await ada.visit("/");
    expect(store.records.size).toBe(0);
  });
});
