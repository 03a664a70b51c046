import { afterEach, describe, expect, test } from "vitest";
import { koaSession } from "../../src/compat/koa-session.ts";
import { keygripOf, koaSessionApp } from "./applications.ts";
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

const ADOPTED = { user: "ada", names: "sid" };

describe("koa-session by options of the application's own", () => {
  const reads = async (reader: ReturnType<typeof koaSession>, old: ReturnType<typeof koaSessionApp>) => {
    const ours = await site({ readers: [reader] });
    const { ada, former } = await loggedIn(ours, old);
    const user = userOf(await ada.visit("/"));
    return { ours, ada, former, user, names: ada.cookies()?.replaceAll(/=[^;]*/g, "") };
  };

  test("keys that sign by another algorithm are known", async () => {
    const reader = koaSession({ keys: KEYS, algorithm: "sha256", encoding: "hex" });
    expect(await reads(reader, koaSessionApp(keygripOf(KEYS, "sha256", "hex")))).toMatchObject(ADOPTED);
  });

  test("what `encode` wrote is read by `decode`, and nothing that was made by another", async () => {
    const encode = (data: object) => Buffer.from(JSON.stringify(data)).toString("hex");
    const decode = (value: string) => JSON.parse(Buffer.from(value, "hex").toString()) as unknown;
    const found = await reads(koaSession({ keys: KEYS, decode }), koaSessionApp(KEYS, { encode, decode }));
    expect(found).toMatchObject(ADOPTED);
    const { ada } = await loggedIn(found.ours, koaSessionApp(KEYS));
    expect(userOf(await ada.visit("/"))).toBeUndefined();
  });

  test("a key of a record is read that nobody signed, and a guess is nobody's", async () => {
    const store = externalStore();
    const reader = koaSession({ store, signed: false });
    const { ours, ada, former, ...found } = await reads(reader, koaSessionApp(undefined, { store, signed: false }));
    expect(found).toEqual(ADOPTED);
    await ada.visit("/logout");
    for (const cookie of [former, "koa.sess=a guess"]) {
      expect(userOf(await ours.visitor().visit("/", { cookie }))).toBeUndefined();
    }
  });

  test("a key of a record is read from the cookie where `externalKey` put it", async () => {
    const store = externalStore();
    const externalKey = {
      get: (ctx: Cookies) => ctx.cookies.get("theirs", { signed: true }),
      set: (ctx: Cookies, key: string) => ctx.cookies.set("theirs", key, { signed: true }),
    };
    const old = koaSessionApp(KEYS, { store, externalKey, genid: () => `own:${store.records.size}` });
    expect(await reads(koaSession({ keys: KEYS, store, key: "theirs" }), old)).toMatchObject(ADOPTED);
  });

  test("a store of each request is read by one of its kind", async () => {
    const store = externalStore();
    class ContextStore {
      get(key: string) {
        return store.get(key);
      }
      set(key: string, record: unknown) {
        return store.set(key, record);
      }
      destroy(key: string) {
        return store.destroy(key);
      }
    }
    const reader = koaSession({ keys: KEYS, store: new ContextStore() });
    expect(await reads(reader, koaSessionApp(KEYS, { ContextStore }))).toMatchObject(ADOPTED);
  });

  test("data that nobody signed is refused at creation", () => {
    expect(() => koaSession({ signed: false })).toThrow("data that nobody signed is not read");
    expect(() => koaSession({ signed: false, store: externalStore(), keys: KEYS })).toThrow("no keys");
    expect(() => koaSession({ store: externalStore() })).toThrow("keys");
  });
});

interface Cookies {
  cookies: {
    get(name: string, options: object): string | undefined;
    set(name: string, value: string, options: object): void;
  };
}

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
