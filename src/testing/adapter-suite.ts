/**
 * What every adapter promises, as tests: a browser visits a real server of the framework. The whole test of an adapter is
 * a call of `testAdapter`.
 */
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { SessionInterface } from "../core/interface.ts";
import type { Session } from "../core/session.ts";
import type { Verb } from "../store.ts";
import { memoryStore } from "../stores/memory.ts";
import type { Page } from "./browser.ts";
import {
  type AdapterKit,
  type Answer,
  type Counts,
  type Handler,
  type KitData,
  type Kind,
  PAGES,
  deferred,
  increment,
  onStage,
  rawVisit,
} from "./internal/adapter-stage.ts";

/** Holds an adapter against what every adapter promises, with sessions in a store and in the cookie. */
export function testAdapter(kit: AdapterKit): void {
  for (const kind of ["store", "cookie"] as const) {
    testVisits(kit, kind);
    if (kit.ambient ?? true) testAmbient(kit, kind);
    testResponses(kit, kind);
    testFailures(kit, kind);
    testHostileCookies(kit, kind);
  }
  testWrongSessions(kit);
  testCost(kit);
  testOldCookies(kit);
  testRaces(kit);
  testTabs(kit);
  testOutage(kit);
  if (kit.savesLate ?? true) testStreams(kit);
}

function testVisits(kit: AdapterKit, kind: Kind): void {
  const test = onStage(kit, kind);

  test("says nothing of a session that nobody used, be there one or not", {}, async ({ tab, another }) => {
    await tab.visit("/login");
    for (const page of [await another().visit("/plain"), await tab.visit("/plain")]) {
      assert.deepEqual([page.status, page.text, page.setCookies], [200, "plain", []]);
      assert.ok(!variesByCookie(page), "the response varies by a cookie that it did not depend on");
    }
  });

  test("says of a page that looked at the session that it varies by cookie, and sets none", {}, async ({ tab }) => {
    const page = await tab.visit("/who");
    assert.deepEqual([page.text, page.setCookies], ["nobody", []]);
    assert.ok(variesByCookie(page), "a cache may give this page to others");
  });

  test("remembers what one browser did, and tells no other", {}, async ({ tab, another }) => {
    const page = await tab.visit("/visit");
    assert.equal(page.setCookies.length, 1);
    assert.ok(variesByCookie(page), "a cache may give this page to others");
    assert.match(page.headers["cache-control"] ?? "", /no-store|private/);
    assert.equal((await tab.visit("/who")).text, "a guest");
    assert.equal((await another().visit("/who")).text, "nobody");
  });

  test("keeps the data at login, under another cookie", {}, async ({ tab }) => {
    await tab.visit("/visit");
    const before = tab.cookies();
    assert.equal((await tab.visit("/login")).setCookies.length, 1);
    assert.notEqual(tab.cookies(), before);
    assert.equal((await tab.visit("/who")).text, "ada");
  });

  test("removes the cookie at logout with the attributes that set it", {}, async ({ tab }) => {
    const [set = ""] = (await tab.visit("/login")).setCookies;
    const [removed = ""] = (await tab.visit("/logout")).setCookies;
    assert.deepEqual(attributesOf(removed), attributesOf(set));
    assert.equal(tab.cookies(), undefined);
    assert.equal((await tab.visit("/who")).text, "nobody");
  });
}

function testAmbient(kit: AdapterKit, kind: Kind): void {
  const test = onStage(kit, kind);

  test("is there for code below the handler that nobody hands it", {}, async ({ tab, another }) => {
    const other = another();
    await Promise.all([tab.visit("/login"), other.visit("/visit")]);
    const pages = await Promise.all([tab.visit("/afar"), other.visit("/afar")]);
    assert.deepEqual(
      pages.map(({ text }) => text),
      ["ada", "a guest"],
    );
  });
}

const MEGABYTE = Buffer.alloc(2 ** 20, "0123456789abcdef\0\xff", "latin1");

type Arriving = Answer & { arrives?: string | Uint8Array };

/** One of each kind of answer, and what has to arrive; to a redirect a framework adds a text of its own. */
const ANSWERS = {
  "a text": () => ({ body: "Käse 🧀", arrives: "Käse 🧀" }),
  "a megabyte": () => ({ body: MEGABYTE, arrives: MEGABYTE }),
  "a body in pieces": () => ({ body: pieces("one", "two", "three"), arrives: "onetwothree" }),
  "an empty body": () => ({ body: "", arrives: "" }),
  "a redirect": () => ({ status: 302, headers: [["Location", "/who"]] }),
  "no content": () => ({ status: 204, arrives: "" }),
  "nothing new": () => ({ status: 304, headers: [["ETag", '"1"']], arrives: "" }),
  "a refusal": () => ({ status: 403, body: "no", arrives: "no" }),
} satisfies Record<string, () => Arriving>;

async function* pieces(...texts: string[]): AsyncGenerator<string> {
  for (const text of texts) {
    await nextTurn();
    yield text;
  }
}

function testResponses(kit: AdapterKit, kind: Kind): void {
  const test = onStage(kit, kind);

  for (const [name, answer] of Object.entries<() => Arriving>(ANSWERS)) {
    const after = (change: (session: Session<KitData>) => void): Handler => {
      return async (session) => (change(await session()), answer());
    };
    const pages = {
      "/new": after((session) => (session["step"] = 1)),
      "/changed": after((session) => (session["step"] = 2)),
      "/read": after((session) => session.get("step")),
      "/ended": after((session) => session.destroy()),
    };
    test(`sends ${name}, with a cookie where one is due`, { pages }, async ({ tab }) => {
      const { status = 200, arrives, headers = [] } = answer();
      const sent: [string, number][] = [];
      for (const path of Object.keys(pages)) {
        const page = await tab.visit(path);
        assert.equal(page.status, status);
        if (arrives !== undefined) assert.ok(Buffer.from(arrives).equals(page.body), `${path} has other bytes`);
        for (const [field, value] of headers) assert.equal(page.headers[field.toLowerCase()], value);
        assert.ok(variesByCookie(page), `${path} does not vary by cookie`);
        sent.push([path, page.setCookies.length]);
      }
      const changed = kind === "store" ? 0 : 1;
      assert.deepEqual(sent, Object.entries({ "/new": 1, "/changed": changed, "/read": 0, "/ended": 1 }));
    });
  }

  test("answers HEAD as GET, without the body", {}, async ({ tab }) => {
    const page = await tab.visit("/visit", { method: "HEAD" });
    assert.deepEqual([page.status, page.text, page.setCookies.length], [200, "", 1]);
    assert.equal((await tab.visit("/who")).text, "a guest");
  });

  test("leaves the application's own cookies as they are, each a field", { pages: OWN_COOKIES }, async ({ tab }) => {
    const { setCookies } = await tab.visit("/fields");
    assert.deepEqual(
      setCookies.filter((line) => LINES.includes(line)),
      LINES,
    );
    assert.equal(setCookies.length, LINES.length + 1);
  });

  test("keeps a page with a new cookie from shared caches, whatever it says", { pages: SHARED }, async ({ tab }) => {
    const { headers } = await tab.visit("/fields");
    for (const field of ["accept", "origin", "cookie"]) assert.ok(itemsOf(headers.vary).includes(field), headers.vary);
    assert.ok(!itemsOf(headers["cache-control"]).includes("public"), headers["cache-control"]);
    assert.match(headers["cache-control"] ?? "", /private|no-store/);
  });

  let kept: Session<KitData> | undefined;
  const keep: Handler = async (session) => {
    kept = await session();
    return { body: "kept" };
  };
  test("stands a session that is used when its response has left", { pages: { "/keep": keep } }, async ({ tab }) => {
    await tab.visit("/visit");
    await tab.visit("/keep");
    kept?.regenerate();
    kept?.flash("too late");
    kept?.takeFlashes();
    kept?.destroy();
    await nextTurn();
    assert.equal((await tab.visit("/who")).text, "a guest");
  });
}

/** A page that sets these fields, and begins a session. */
function fieldsPage(headers: Answer["headers"] & {}): Record<string, Handler> {
  return {
    "/fields": async (session) => {
      (await session())["user"] = "a guest";
      return { headers, body: "fields" };
    },
  };
}

/** Commas, which a join would confuse, and a name that comes twice. */
const LINES = [
  "a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT; Path=/",
  "b=2, 3; Expires=Thu, 01 Jan 2099 00:00:00 GMT",
  "a=4; Path=/elsewhere",
];
const OWN_COOKIES = fieldsPage(LINES.map((line) => ["Set-Cookie", line]));
const SHARED = fieldsPage([
  ["Vary", "Accept, Origin"],
  ["Cache-Control", "public, max-age=60"],
]);

function testFailures(kit: AdapterKit, kind: Kind): void {
  const test = onStage(kit, kind);

  test("saves nothing of a handler that throws", {}, async ({ tab }) => {
    const { status, setCookies } = await tab.visit("/throw");
    assert.ok(status >= 500, `the status is ${status}`);
    assert.deepEqual(setCookies, []);
    await tab.visit("/login");
    assert.ok((await tab.visit("/throw")).status >= 500);
    assert.equal((await tab.visit("/who")).text, "ada");
  });

  test("answers with an error where the data cannot be saved", {}, async ({ tab }) => {
    await tab.visit("/login");
    assertRefused(await tab.visit("/unsaved"), 500);
    assert.equal((await tab.visit("/who")).text, "ada");
  });
}

/** What a browser may send under the session's name, by what is wrong with it. `good` is a cookie's value. */
const HOSTILE: Record<string, (good: string) => string> = {
  empty: () => "",
  short: () => "x",
  "of the right shape": (good) => good.replaceAll(/[a-z]/g, "a"),
  truncated: (good) => good.slice(0, -1),
  "changed in a letter": (good) => (good.startsWith("A") ? "B" : "A") + good.slice(1),
  doubled: (good) => good + good,
  "of 15 kB": () => "a.".repeat(7500),
  "not ASCII": () => "\u00E4\u00FF\u0080.\u00E4",
  "broken quotes": () => '"\\012\\777',
  "a path": () => "../../etc/passwd",
};

function testHostileCookies(kit: AdapterKit, kind: Kind): void {
  const test = onStage(kit, kind);

  for (const [fault, spoil] of Object.entries(HOSTILE)) {
    test(`takes the bearer of a cookie that is ${fault} for nobody`, {}, async ({ tab, store }) => {
      await tab.visit("/login");
      const good = (tab.cookies() ?? "").replace("sid=", "");
      store.take();
      const page = await tab.visit("/who", { cookie: `sid=${spoil(good)}` });
      assert.deepEqual([page.status, page.text, page.setCookies], [200, "nobody", []]);
      assert.deepEqual(store.take(), COSTS.nothing);
    });
  }

  test("takes the bearer of two sessions for nobody", {}, async ({ tab, another }) => {
    const other = another();
    await tab.visit("/login");
    await other.visit("/visit");
    const page = await tab.visit("/who", { cookie: `${tab.cookies()}; ${other.cookies()}` });
    assert.deepEqual([page.status, page.text], [200, "nobody"]);
  });

  test("does not answer a cookie of 16 kB with an error of its own", {}, async ({ tab }) => {
    const { status } = await tab.visit("/who", { cookie: `sid=${"a".repeat(2 ** 14)}` });
    assert.ok(status < 500, `the status is ${status}`);
  });
}

const COSTS = {
  nothing: { create: 0, read: 0, update: 0, delete: 0 },
  read: { create: 0, read: 1, update: 0, delete: 0 },
  create: { create: 1, read: 0, update: 0, delete: 0 },
  change: { create: 0, read: 1, update: 1, delete: 0 },
  replace: { create: 1, read: 1, update: 1, delete: 0 },
  end: { create: 0, read: 1, update: 0, delete: 1 },
} satisfies Record<string, Counts>;

const TENTH_OF_IDLE = 3 * 60_000;

function testCost(kit: AdapterKit): void {
  const test = onStage(kit);

  test("asks the store no more often than it has to", {}, async ({ tab, store, clock }) => {
    const visit = async (path: string) => {
      const { setCookies } = await tab.visit(path);
      return [path, store.take(), setCookies.length];
    };
    const [unused, unusedWhenDue] = kit.load === "lazy" ? [COSTS.nothing, COSTS.nothing] : [COSTS.read, COSTS.change];
    assert.deepEqual(await visit("/plain"), ["/plain", COSTS.nothing, 0]);
    assert.deepEqual(await visit("/who"), ["/who", COSTS.nothing, 0]);
    assert.deepEqual(await visit("/visit"), ["/visit", COSTS.create, 1]);
    assert.deepEqual(await visit("/plain"), ["/plain", unused, 0]);
    assert.deepEqual(await visit("/who"), ["/who", COSTS.read, 0]);
    assert.deepEqual(await visit("/visit"), ["/visit", COSTS.read, 0]);
    assert.deepEqual(await visit("/count"), ["/count", COSTS.change, 0]);
    clock.advance(TENTH_OF_IDLE - 1);
    assert.deepEqual(await visit("/who"), ["/who", COSTS.read, 0]);
    clock.advance(1);
    assert.deepEqual(await visit("/who"), ["/who", COSTS.change, 0]);
    assert.deepEqual(await visit("/who"), ["/who", COSTS.read, 0]);
    clock.advance(TENTH_OF_IDLE);
    assert.deepEqual(await visit("/plain"), ["/plain", unusedWhenDue, 0]);
    assert.deepEqual(await visit("/login"), ["/login", COSTS.replace, 1]);
    assert.deepEqual(await visit("/logout"), ["/logout", COSTS.end, 1]);
    assert.deepEqual(await visit("/logout"), ["/logout", COSTS.nothing, 0]);
  });
}

/** What is given in the place of sessions by mistake. */
const NO_SESSIONS: Record<string, unknown> = {
  nothing: undefined,
  "the store alone": memoryStore(),
  "a promise of sessions": Promise.resolve({}),
};

function testWrongSessions(kit: AdapterKit): void {
  for (const [name, sessions] of Object.entries(NO_SESSIONS)) {
    kit.test(`refuses ${name} in the place of its sessions before any request comes`, async () => {
      const serve = async () => {
        const { close } = await kit.serve(sessions as SessionInterface<KitData>, async () => ({}));
        await close();
      };
      await assert.rejects(serve, { code: "CONFIG" });
    });
  }
}

function testOldCookies(kit: AdapterKit): void {
  const test = onStage(kit);

  for (const end of ["/login", "/logout"]) {
    test(`takes the bearer of a cookie from before ${end} for nobody`, {}, async ({ tab, another }) => {
      await tab.visit("/visit");
      const old = { cookie: tab.cookies() ?? "" };
      assert.equal((await another().visit("/who", old)).text, "a guest");
      await tab.visit(end);
      assert.equal((await another().visit("/who", old)).text, "nobody");
    });
  }

  for (const ending of ["regenerate", "destroy"] as const) {
    const throwing: Handler = async (session) => {
      const current = await session();
      current[ending]();
      current["user"] = "eve";
      throw new Error("on purpose");
    };
    const pages = { "/throw": throwing };
    test(`keeps a ${ending} that a handler asked for before it threw`, { pages }, async ({ tab, another }) => {
      await tab.visit("/login");
      const old = { cookie: tab.cookies() ?? "" };
      assert.ok((await tab.visit("/throw")).status >= 500);
      assert.equal((await another().visit("/who", old)).text, "nobody");
      assert.notEqual((await tab.visit("/who")).text, "eve");
    });
  }
}

function testRaces(kit: AdapterKit): void {
  const test = onStage(kit);

  for (const name of ["a redirect", "a megabyte", "a body in pieces", "an empty body"] as const) {
    const asked = deferred();
    const stored = deferred();
    const before = async (verb: Verb) => {
      if (verb !== "create") return;
      asked.resolve();
      await stored.promise;
    };
    const login: Handler = async (session) => (await PAGES["/login"]?.(session), ANSWERS[name]?.() ?? {});
    const pages = { "/slow": login };
    test(`sends no byte of ${name} before the store has the session`, { pages, before }, async ({ url, another }) => {
      const answer = await rawVisit(url, "/slow");
      await asked.promise;
      // What had left would have arrived before a whole other visit.
      await another().visit("/plain");
      assert.equal(answer.received(), "");
      stored.resolve();
      await answer.end;
      const [, cookie] = /^set-cookie: ([^;]+)/im.exec(answer.received()) ?? [];
      assert.ok(cookie, "the answer has no cookie");
      assert.equal((await another().visit("/who", { cookie })).text, "ada");
    });
  }
}

const TABS = 8;

function testTabs(kit: AdapterKit): void {
  const all = deferred();
  let loaded = 0;
  const add = (tab: number): Handler => {
    return async (session) => {
      const current = await session();
      if (++loaded === TABS) all.resolve();
      await all.promise;
      current[`tab${tab}`] = true;
      current.update("n", increment);
      return { body: "added" };
    };
  };
  const paths = Array.from({ length: TABS }, (_none, tab) => [`/add/${tab}`, add(tab)] as const);
  const pages = Object.fromEntries(paths);
  onStage(kit)(`loses nothing of ${TABS} tabs at once`, { pages }, async ({ tab }) => {
    await tab.visit("/login");
    const answers = await Promise.all(paths.map(([path]) => tab.visit(path)));
    for (const { status } of answers) assert.equal(status, 200);
    const own = paths.map((_path, index) => [`tab${index}`, true]);
    const { text } = await tab.visit("/data");
    assert.deepEqual(JSON.parse(text), { user: "ada", n: TABS, ...Object.fromEntries(own) });
  });
}

function testStreams(kit: AdapterKit): void {
  onStage(kit)("keeps what changed while the body was sent", {}, async ({ tab }) => {
    await tab.visit("/login");
    assert.equal((await tab.visit("/late")).text, "onetwo");
    assert.equal((await tab.visit("/who")).text, "eve");
  });
}

function testOutage(kit: AdapterKit): void {
  const test = onStage(kit);
  let broken: readonly Verb[] = [];
  const before = (verb: Verb) => {
    if (broken.includes(verb)) throw new Error(`the store cannot ${verb}, on purpose`);
  };
  const during = async (verbs: readonly Verb[], visit: () => Promise<Page>) => {
    broken = verbs;
    return visit().finally(() => (broken = []));
  };

  test("answers 503 while the store is down, and leaves the browser its cookie", { before }, async ({ tab }) => {
    await tab.visit("/login");
    const cookie = tab.cookies();
    assertRefused(await during(["create", "read", "update", "delete"], () => tab.visit("/who")), 503);
    assert.equal(tab.cookies(), cookie);
    assert.equal((await tab.visit("/who")).text, "ada");
  });

  const WRITES: Record<string, Verb> = { "/visit": "update", "/login": "create", "/logout": "delete" };
  for (const [path, verb] of Object.entries(WRITES)) {
    test(`answers 503 where the store cannot ${verb}`, { before }, async ({ tab }) => {
      await tab.visit("/login");
      const page = await during([verb], () => tab.visit(path));
      assertRefused(page, 503);
      assert.equal(page.headers["retry-after"], "1");
      assert.equal((await tab.visit("/who")).text, "ada");
    });
  }
}

/** Fails unless the page tells of an error, sets nothing and is kept by no cache. */
function assertRefused(page: Page, status: number): void {
  assert.deepEqual([page.status, page.setCookies], [status, []]);
  assert.ok(itemsOf(page.headers["cache-control"]).includes("no-store"), "a cache may keep an error");
  assert.ok(variesByCookie(page), "a cache may give the error to others");
}

function variesByCookie({ headers }: Page): boolean {
  return itemsOf(headers.vary).includes("cookie");
}

function itemsOf(field: string | undefined): string[] {
  return (field ?? "").split(",").map((item) => item.trim().toLowerCase());
}

/** What a `Set-Cookie` line says beside the value and its end. */
function attributesOf(line: string): string[] {
  const [pair = "", ...attributes] = line.split("; ");
  return [pair.split("=", 1).join(), ...attributes.filter((text) => !/^(expires|max-age)=/i.test(text))];
}
