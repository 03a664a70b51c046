/** Several sessions of one request: each under its name, with its cookie and its store. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { session as ambient } from "../../src/core/context.ts";
import { type Browser, type Page, browser } from "../../src/testing/browser.ts";
import { deferred, increment, rawVisit } from "../../src/testing/internal/adapter-stage.ts";
import { closing } from "./closing.ts";
import { type Fixture, type Visit, eventsOf, own } from "./fixtures.ts";
import { type Answer, HOSTS, type Host, LOADS, type Load, type Mounts, type Serve } from "./several.ts";

type Find = Parameters<Answer>[1];

const NAMES = ["session", "admin"];
const NONE = { create: 0, read: 0, update: 0, delete: 0 };

/** The session that a framework has under a name, whatever its kind. */
async function sessionAt(find: Find, name: string): Promise<Visit> {
  const found = find(name);
  return (typeof found === "function" ? (found as () => unknown)() : found) as Promise<Visit>;
}

async function count(find: Find, names: readonly string[]): Promise<number[]> {
  const counts: number[] = [];
  for (const name of names) counts.push(Number((await sessionAt(find, name)).update("n", increment)));
  return counts;
}

/** The pages of an application with a visitor's session and one of the staff. */
const PAGES: Record<string, (find: Find) => Promise<unknown>> = {
  "/plain": async () => "plain",
  "/session": (find) => count(find, ["session"]),
  "/admin": (find) => count(find, ["admin"]),
  "/both": (find) => count(find, NAMES),
  "/leave": async (find) => {
    (await sessionAt(find, "admin")).destroy();
    return count(find, ["session"]);
  },
  "/throw": async (find) => {
    await count(find, NAMES);
    throw new Error("on purpose");
  },
  "/afar": async (find) => {
    await count(find, NAMES);
    await nextTurn();
    return ambient["n"];
  },
};

const answer: Answer = async (path, find) => String(await PAGES[path]?.(find));

const variesBy = ({ headers }: Page) => (headers.vary ?? "").split(",").map((item) => item.trim().toLowerCase());
const namesOf = (cookies: string | undefined) => cookies?.split("; ").map((pair) => pair.split("=", 1).join());
const isSetCookie = /^set-cookie: (?:shop|admin)=/gim;

/** The hosts of which something is true, each with both kinds of sessions. */
function hostsThat(isAsked: (host: Host) => unknown): [host: string, load: Load, loadOfAdmin: Load, serve: Serve][] {
  const hosts = Object.entries(HOSTS).filter(([, host]) => isAsked(host));
  return hosts.flatMap(([name, { serve, loads = LOADS }]) =>
    loads.map(([load, ofAdmin]) => [name, load, ofAdmin, serve] as never),
  );
}

async function urlOf(serve: Serve, mounts: Mounts): Promise<string> {
  const served = closing(await serve(mounts, answer));
  return served.url;
}

type Visits = Pick<Fixture, "visits">;

/** A visitor's sessions, and those of the staff. */
function mountsOf(load: Load, shop: Visits, loadOfAdmin: Load, admin: Visits): Mounts {
  return [
    [shop.visits, { load, property: "session" }],
    [admin.visits, { load: loadOfAdmin, property: "admin" }],
  ];
}

describe.each(hostsThat(() => true))(
  "two sessions of one request, over %s, %s and %s",
  (_name, load, ofAdmin, serve) => {
    const urlWith = (shop: Visits, admin: Visits) => urlOf(serve, mountsOf(load, shop, ofAdmin, admin));

    async function tabAt(shop: Visits = own("shop"), admin: Visits = own("admin")): Promise<Browser> {
      return browser(await urlWith(shop, admin));
    }

    test("stand side by side, each with its cookie and its store", async () => {
      const [shop, admin] = [own("shop"), own("admin")];
      const tab = await tabAt(shop, admin);
      const texts: string[] = [];
      for (const path of ["/session", "/session", "/admin", "/session", "/admin"]) {
        texts.push((await tab.visit(path)).text);
      }
      expect(texts).toEqual(["1", "2", "1", "3", "2"]);
      expect(namesOf(tab.cookies())).toEqual(["shop", "admin"]);
      expect([shop.store.take().create, admin.store.take().create]).toEqual([1, 1]);
      // Whose cookie goes keeps the other.
      const [cookie = "", other = ""] = tab.cookies()?.split("; ") ?? [];
      expect((await tab.visit("/both", { cookie })).text).toBe("4,1");
      expect((await tab.visit("/both", { cookie: other })).text).toBe("1,3");
    });

    test("begin in one request, whose answer has a cookie of each and varies by cookie once", async () => {
      const tab = await tabAt();
      const page = await tab.visit("/both");
      expect([page.text, page.setCookies.map((line) => line.split("=", 1).join()).toSorted()]).toEqual([
        "1,1",
        ["admin", "shop"],
      ]);
      expect(variesBy(page).filter((item) => item === "cookie")).toEqual(["cookie"]);
      expect(page.headers["cache-control"]).toMatch(/no-store|private/);
      const again = await tab.visit("/both");
      expect([again.text, again.setCookies]).toEqual(["2,2", []]);
    });

    test.each([0, 1])("are both saved before a byte of the answer leaves: number %i is slow", async (slow) => {
      const [asked, stored] = [deferred(), deferred()];
      const before = async (verb: string) => {
        if (verb !== "create") return;
        asked.resolve();
        await stored.promise;
      };
      const all = ["shop", "admin"].map((name, index) => own(name, index === slow ? before : undefined));
      const url = await urlWith(all[0] as Fixture, all[1] as Fixture);
      const visit = await rawVisit(url, "/both");
      await asked.promise;
      // What had left would have arrived before a whole other visit.
      await browser(url).visit("/plain");
      expect(visit.received()).toBe("");
      stored.resolve();
      await visit.end;
      expect(visit.received().match(isSetCookie)?.length).toBe(2);
    });

    test("do not take each other's cookies, by whatever name they come", async () => {
      const admin = own("admin");
      const tab = await tabAt(own("shop"), admin);
      await tab.visit("/session");
      const cookie = (tab.cookies() ?? "").replace("shop=", "admin=");
      expect((await tab.visit("/admin", { cookie })).text).toBe("1");
      expect(admin.store.take().read).toBe(0);
    });

    test("end one by one", async () => {
      const tab = await tabAt();
      await tab.visit("/both");
      const { text, setCookies } = await tab.visit("/leave");
      expect([text, setCookies]).toEqual(["2", [expect.stringMatching(/^admin=;/)]]);
      expect((await tab.visit("/both")).text).toBe("3,1");
    });

    test.each([0, 1])("leave an answer no cookie where number %i cannot be saved", async (broken) => {
      let isDown = true;
      const before = (verb: string) => {
        if (isDown && verb === "create") throw new Error("the store is down, on purpose");
      };
      const all = ["shop", "admin"].map((name, index) => own(name, index === broken ? before : undefined));
      const tab = await tabAt(all[0], all[1]);
      let page: Page | undefined;
      expect(await eventsOf(async () => (page = await tab.visit("/both")))).toEqual(["failed"]);
      expect([page?.status, page?.setCookies, page?.headers["cache-control"]]).toEqual([503, [], "no-store"]);
      expect(variesBy(page as unknown as Page).filter((item) => item === "cookie")).toEqual(["cookie"]);
      isDown = false;
      expect((await tab.visit("/both")).text).toBe("1,1");
    });

    test("save nothing of a handler that throws", async () => {
      const tab = await tabAt();
      await tab.visit("/both");
      const { status, setCookies } = await tab.visit("/throw");
      expect([status, setCookies]).toEqual([500, []]);
      expect((await tab.visit("/both")).text).toBe("2,2");
    });
  },
);

test.each([...hostsWhoseCode("first"), ...hostsWhoseCode("last")])(
  "code below the handler finds one of two, over %s, %s and %s",
  async (_name, load, ofAdmin, serve, n) => {
    const tab = browser(await urlOf(serve, mountsOf(load, own("shop"), ofAdmin, own("admin"))));
    await tab.visit("/session");
    expect((await tab.visit("/afar")).text).toBe(n);
  },
);

/** With what that session has counted then. */
function hostsWhoseCode(finds: "first" | "last") {
  const n = finds === "first" ? "2" : "1";
  return hostsThat(({ ambient: found }) => found === finds).map((host) => [...host, n] as const);
}

test.each(hostsThat(({ locks }) => locks))(
  "a lock is for the session of its name, over %s, %s and %s",
  async (_name, load, ofAdmin, serve) => {
    const [shop, admin] = [own("shop"), own("admin")];
    const lock = [admin.visits, { load: ofAdmin, property: "admin", lock: true }] as const;
    const tab = browser(await urlOf(serve, [...mountsOf(load, shop, ofAdmin, admin), lock]));
    await tab.visit("/both");
    for (const { store } of [shop, admin]) store.take();
    await tab.visit("/plain");
    // Taken and given back.
    expect([shop.store.take().update, admin.store.take().update]).toEqual([0, 2]);
  },
);

test.each(hostsThat(({ twice }) => twice === "ignored"))(
  "the second session of a name does nothing, over %s, %s and %s",
  async (_name, load, other, serve) => {
    const [first, second] = [own("first"), own("second")];
    const tab = browser(
      await urlOf(serve, [
        [first.visits, { load, property: "admin" }],
        [second.visits, { load: other, property: "admin" }],
      ]),
    );
    expect([(await tab.visit("/admin")).text, (await tab.visit("/admin")).text]).toEqual(["1", "2"]);
    expect([namesOf(tab.cookies()), second.store.take()]).toEqual([["first"], NONE]);
  },
);

test.each(hostsThat(({ twice }) => twice === "refused"))(
  "the second session of a name is refused, over %s, %s and %s",
  async (_name, load, other, serve) => {
    const serving = serve(
      [
        [own("first").visits, { load, property: "admin" }],
        [own("second").visits, { load: other, property: "admin" }],
      ],
      answer,
    );
    await expect(serving).rejects.toMatchObject({ code: "CONFIG" });
  },
);
