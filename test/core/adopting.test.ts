/** How sessions of another library become ours, whichever it is: a reader of one word stands for all. */
import { describe, expect, test } from "vitest";
import { type AdoptingOptions, adopting } from "../../src/core/adopting.ts";
import type { Former, FormerReader } from "../../src/former.ts";
import { SessionError, cookieSessions, nullSessions, sessions } from "../../src/index.ts";
import { holdBack, markFailed } from "../../src/core/state.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { CountingStore, type Data, KEY, START, Visitor, eventsOf, setCookies } from "./helpers.ts";

const UNTIL = new Date(START + 30 * 24 * 3600_000);
const DAY = 24 * 3600_000;

interface Word extends Partial<Omit<FormerReader, "read">> {
  data?: object;
  isUnique?: boolean;
  permanent?: boolean;
  over?: Partial<Former>;
}

/** Reads cookies that are one word of letters, each of which is a session of its own. */
function words({ data = { user: "ada" }, isUnique = true, permanent = false, over, ...rest }: Word = {}): FormerReader {
  return {
    cookie: { name: "old" },
    ...rest,
    read: async (value) => {
      if (!/^[a-z]+$/.test(value)) return "no word";
      return { identity: value, isUnique, load: async () => ({ data, permanent }), ...over };
    },
  };
}

function stage(reader = words(), options: Partial<Parameters<typeof sessions>[0]> = {}) {
  const clock = manualClock(START);
  const store = new CountingStore(memoryStore({ clock }));
  const kind = sessions<Data>({ store, clock, keys: { current: KEY }, ...options });
  const ours = adopting(kind, { readers: [reader], until: UNTIL, clock });
  const visitor = (cookie?: string) => Object.assign(new Visitor(ours), { cookie });
  return { clock, store, kind, ours, visitor };
}

/** The user that a cookie leads to. */
async function userBy({ visitor }: ReturnType<typeof stage>, cookie: string): Promise<unknown> {
  return (await visitor(cookie).open())["user"];
}

/** Has two requests meet: the second reaches the store's `create` when the first is through with all. */
function meeting() {
  let arrive = () => {};
  let go = () => {};
  const arrived = new Promise<void>((done) => (arrive = done));
  const released = new Promise<void>((done) => (go = done));
  return { arrived, go: () => go(), wait: () => (arrive(), released) };
}

describe("an old cookie", () => {
  test("costs a visitor without one nothing", async () => {
    const { visitor, store } = stage();
    await visitor("other=word").visit(() => undefined);
    expect(store.take()).toEqual({ create: 0, read: 0, update: 0, delete: 0 });
  });

  test("is not looked at where a session of ours is there", async () => {
    const site = stage();
    const ada = site.visitor();
    await ada.visit((session) => (session["user"] = "bob"));
    expect(await userBy(site, `${ada.cookie}; old=word`)).toBe("bob");
  });

  test("is nobody's beside another that is as good", async () => {
    const site = stage();
    const events = await eventsOf(async () => expect(await userBy(site, "old=one; old=two")).toBeUndefined());
    expect(events).toEqual([{ type: "ambiguous", count: 2 }]);
    expect(await userBy(site, "old=one; old=one; old=###")).toBe("ada");
  });

  test("is not looked at where nobody can tell which session of ours it is beside", async () => {
    const site = stage();
    const [one, two] = [site.visitor(), site.visitor()];
    for (const each of [one, two]) await each.visit((session) => (session["user"] = "bob"));
    expect(await userBy(site, `${one.cookie}; ${two.cookie}; old=word`)).toBeUndefined();
    expect(await userBy(site, "old=word")).toBe("ada");
  });

  test("is not looked at where a session of ours could not be looked up", async () => {
    const site = stage(words(), { onStoreError: "anonymous" });
    const bob = site.visitor();
    await bob.visit((session) => (session["user"] = "bob"));
    site.store.before = () => {
      site.store.before = () => undefined;
      throw new Error("away");
    };
    expect(await userBy(site, `${bob.cookie}; old=word`)).toBeUndefined();
    expect(await userBy(site, `${bob.cookie}; old=word`)).toBe("bob");
  });

  test("is looked for among few of its name", async () => {
    const asked: string[] = [];
    const reader: FormerReader = {
      cookie: { name: "old" },
      read: async (value) => (asked.push(value), "no word"),
    };
    expect(await userBy(stage(reader), "abcdefgh".replaceAll(/./g, "old=$&; "))).toBeUndefined();
    expect(asked).toEqual(["a", "b", "c", "d"]);
  });

  test("stays with the browser where nobody can read it: a wrong key can be mended", async () => {
    const { ours } = stage();
    const saved = await ours.save(await ours.open({ cookie: "old=###", secure: false }));
    expect(setCookies(saved)).toEqual([]);
  });

  test("is removed by the attributes that set it", async () => {
    const cookie = { name: "old", path: "/app", domain: "example.com", sameSite: "None", partitioned: true } as const;
    const { ours } = stage(words({ cookie, signatureSuffix: ".sig" }));
    const saved = await ours.save(await ours.open({ cookie: "old=word; old.sig=x", secure: true }));
    const rest = "Domain=example.com; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure; HttpOnly; Path=/app";
    const lines = ["old", "old.sig"].map((name) => `${name}=; ${rest}; SameSite=None; Partitioned`);
    expect(setCookies(saved)).toEqual([expect.stringMatching(/^__Host-sid=/), ...lines]);
  });

  test("is read by the first reader that can", async () => {
    const { kind, clock } = stage();
    const none = words({ cookie: { name: "older" } });
    const second = words({ data: { user: "bob" } });
    const ours = adopting(kind, { readers: [none, second, words()], until: UNTIL, clock });
    expect((await ours.open({ cookie: "old=word", secure: false }))["user"]).toBe("bob");
  });

  test("ends with the session of ours that is logged out beside it", async () => {
    const site = stage();
    const ada = site.visitor();
    await ada.visit((session) => (session["user"] = "ada"));
    ada.cookie += "; old=word";
    const saved = await ada.visit((session) => session.destroy());
    expect(setCookies(saved).some((line) => line.startsWith("old=;"))).toBe(true);
    expect(await userBy(site, "old=word")).toBeUndefined();
  });
});

describe("an adopted session", () => {
  test("is found by requests that bring the old cookie, also under a new id that it got by itself", async () => {
    const site = stage(words(), { renewEvery: 60 });
    const ada = site.visitor("old=word");
    await ada.visit((session) => (session["count"] = 1));
    site.clock.advance(61_000);
    await ada.visit(() => undefined);
    expect((await site.visitor("old=word").open())["count"]).toBe(1);
  });

  test("is found by reads alone", async () => {
    const site = stage();
    await site.visitor("old=word").open();
    site.store.take();
    expect(await userBy(site, "old=word")).toBe("ada");
    expect(site.store.take()).toMatchObject({ create: 0, update: 0, delete: 0 });
  });

  test("is led to by nothing after a login that renewed its id", async () => {
    const site = stage();
    const ada = site.visitor("old=word");
    await ada.visit((session) => session.regenerate());
    expect((await ada.open())["user"]).toBe("ada");
    expect(await userBy(site, "old=word")).toBeUndefined();
  });

  test("does not begin again when it has timed out, however long that is ago", async () => {
    const site = stage();
    await site.visitor("old=word").visit(() => undefined);
    for (const later of [3600_000, 2 * DAY, 20 * DAY]) {
      site.clock.advance(later);
      expect(await userBy(site, "old=word")).toBeUndefined();
    }
  });

  test("leaves the store nothing from which the old cookie or the new id could be told", async () => {
    const { store, visitor } = stage();
    const written: string[] = [];
    const create = store.create.bind(store);
    store.create = (key, entry) => {
      written.push(key, Buffer.from(entry.value).toString("latin1"));
      return create(key, entry);
    };
    const session = await visitor("old=secretword").open();
    expect(written).toHaveLength(4);
    expect(written.join(" ")).not.toContain("secretword");
    expect(written.join(" ")).not.toContain(session.id);
  });

  test("has the old data alone, none of ours by name, and pollutes no prototype", async () => {
    const data = JSON.parse(
      '{"user":"ada","_createdAt":1,"_movedBy":"x","_originKey":"y","_permanent":true,"__proto__":{"admin":true}}',
    ) as object;
    const site = stage(words({ data }));
    const session = await site.visitor("old=word").open();
    expect({ ...session }).toEqual({ user: "ada" });
    expect(session.permanent).toBe(false);
    expect(session.createdAt).toBe(START);
    expect(session["admin"]).toBeUndefined();
  });

  test("outlives the browser where the old one did", async () => {
    const saved = await stage(words({ permanent: true }))
      .visitor("old=word")
      .visit(() => undefined);
    expect(setCookies(saved)[0]).toContain("Expires=");
  });

  test("is none where the old one held nothing, or what no codec can carry", async () => {
    for (const data of [{}, { half: "\ud800" }, { made: new URL("http://a.b") }]) {
      const site = stage(words({ data }));
      const session = await site.visitor("old=word").open();
      expect(session.isNew).toBe(true);
      expect(await site.store.count()).toBe(0);
    }
  });
});

describe("a request that adopts", () => {
  test("and whose handler throws leaves the browser its old cookie, since it gets none of ours", async () => {
    const site = stage();
    const ada = site.visitor("old=word");
    const session = await ada.open();
    markFailed(session);
    expect(setCookies(await ada.save(session))).toEqual([]);
    expect((await ada.open())["user"]).toBe("ada");
  });

  test("and that looks at nothing gives the browser its new cookie all the same", async () => {
    const site = stage();
    const ada = site.visitor("old=word");
    const session = await ada.open();
    holdBack(session);
    await ada.save(session);
    expect(ada.cookie).toMatch(/^sid=/);
    expect((await ada.open())["user"]).toBe("ada");
  });

  test("removes the old cookie once, however often it saves", async () => {
    const { ours } = stage();
    const session = await ours.open({ cookie: "old=word", secure: false });
    expect(setCookies(await ours.save(session))).toHaveLength(2);
    expect(setCookies(await ours.save(session)).filter((line) => line.startsWith("old="))).toEqual([]);
  });
});

describe("two requests with one old cookie", () => {
  test.each([
    ["one browser's alone", true],
    ["of several browsers, maybe", false],
  ])(
    "that is %s, of which one adopts, changes and ends the session while the other is about to adopt: it stays ended",
    async (_whose, isUnique) => {
      const site = stage(words({ isUnique }));
      const { arrived, wait, go } = meeting();
      let creates = 0;
      site.store.before = (verb) => (verb === "create" && ++creates === 1 ? wait() : undefined);
      const slow = site.visitor("old=word").open();
      await arrived;
      const quick = site.visitor("old=word");
      await quick.visit((session) => (session["count"] = 1));
      await quick.visit((session) => session.destroy());
      go();
      expect((await slow)["user"]).toBeUndefined();
      expect(await site.store.count()).toBe(1);
    },
  );

  test("of which one was told that the old record is gone find the same session", async () => {
    const { arrived, wait, go } = meeting();
    let record: object | undefined = { user: "ada" };
    let loads = 0;
    const over = {
      load: async () => {
        if (++loads === 1) await wait();
        return record && { data: record, permanent: false };
      },
      discard: async () => (record = undefined),
    };
    const site = stage(words({ over }));
    const slow = site.visitor("old=word").open();
    await arrived;
    const quick = await site.visitor("old=word").open();
    go();
    expect((await slow)["user"]).toBe("ada");
    expect((await slow).id).toBe(quick.id);
    expect(record).toBeUndefined();
  });

  test("that is not one browser's alone get a session each, until one of them is ended", async () => {
    const site = stage(words({ isUnique: false }));
    const [one, two] = [site.visitor("old=word"), site.visitor("old=word")];
    await one.visit((session) => (session["count"] = 1));
    await two.visit((session) => expect(session["count"]).toBeUndefined());
    await one.visit((session) => session.clear());
    expect(await userBy(site, "old=word")).toBeUndefined();
    expect((await two.open())["user"]).toBe("ada");
  });
});

describe("two old cookies", () => {
  test("of the same text and other names are two sessions", async () => {
    const { kind, clock } = stage();
    const readers = ["old", "older"].map((name) => words({ cookie: { name }, data: { user: name } }));
    const ours = adopting(kind, { readers, until: UNTIL, clock });
    for (const name of ["old", "older"]) {
      expect((await ours.open({ cookie: `${name}=word`, secure: false }))["user"]).toBe(name);
    }
  });
});

describe("a failure", () => {
  test.each([1, 2, 3])("of the store at write or read %s is no logout: the next request adopts", async (nth) => {
    const site = stage();
    let asked = 0;
    site.store.before = () => {
      if (++asked === nth) throw new Error("away");
    };
    await expect(site.visitor("old=word").open()).rejects.toMatchObject({ code: "STORE" });
    expect(await userBy(site, "old=word")).toBe("ada");
  });

  test("leaves the old cookie alone where requests go on without a session", async () => {
    const site = stage(words(), { onStoreError: "anonymous" });
    site.store.before = () => {
      throw new Error("away");
    };
    const session = await site.ours.open({ cookie: "old=word", secure: false });
    expect(session["user"]).toBeUndefined();
    expect(setCookies(await site.ours.save(session))).toEqual([]);
  });

  test("to answer of the old store ends after `storeTimeout`", async () => {
    const { kind, clock } = stage();
    const reader = words({ over: { load: () => new Promise(() => {}) } });
    const ours = adopting(kind, { readers: [reader], until: UNTIL, clock, storeTimeout: 0.01 });
    await expect(ours.open({ cookie: "old=word", secure: false })).rejects.toMatchObject({ code: "STORE" });
  });
});

describe("sessions in the cookie", () => {
  const clock = manualClock(START);
  const stageCookie = (reader: FormerReader) => {
    const kind = cookieSessions<Data>({ clock, keys: { current: KEY } });
    return adopting(kind, { readers: [reader], until: UNTIL, clock });
  };

  test("adopt, and go on by themselves", async () => {
    const ours = stageCookie(words());
    const ada = Object.assign(new Visitor(ours), { cookie: "old=word" });
    const saved = await ours.save(await ada.open());
    const [line, removal] = setCookies(saved);
    expect(removal).toMatch(/^old=; .*Max-Age=0/);
    ada.cookie = String(line?.split(";")[0]);
    expect((await ada.open())["user"]).toBe("ada");
  });

  test("do not adopt what is too much for a cookie", async () => {
    const ours = stageCookie(words({ data: { text: "x".repeat(4096) } }));
    const session = await ours.open({ cookie: "old=word", secure: false });
    expect(session.isNew).toBe(true);
    await expect(ours.save(session)).resolves.toMatchObject({ result: "unchanged" });
  });
});

describe("a wrong option", () => {
  const { kind } = stage();
  const good: AdoptingOptions = { readers: [words()], until: UNTIL };
  const wrong: [string, Partial<Record<keyof AdoptingOptions, unknown>>][] = [
    ["readers", { readers: [] }],
    ["readers", { readers: [{}] }],
    ["until", { until: "2027" }],
    ["until", { until: new Date(Number.NaN) }],
    ["storeTimeout", { storeTimeout: 0 }],
    ["cookie name", { readers: [words({ cookie: { name: "a b" } })] }],
  ];
  test.each(wrong)("is told by its name: %s", (name, option) => {
    const make = () => adopting(kind, { ...good, ...option } as AdoptingOptions);
    expect(make).toThrow(SessionError);
    expect(make).toThrow(name);
  });

  test("is sessions that cannot adopt", () => {
    expect(() => adopting(nullSessions("no keys") as typeof kind, good)).toThrow("cannot adopt");
  });
});
