/** What holds for the cookies of every library, whichever reads them. */
import { expect, test } from "vitest";
import type { FormerReader } from "../../src/former.ts";
import { eventsOf } from "../core/helpers.ts";
import { type Old, NONSENSE, barrier, dataOf, forgeriesOf, idsIn, loggedIn, site, userOf } from "./site.ts";

export interface Library {
  /** The old application, with a store of its own if it has one. */
  old: Old;
  reader: FormerReader;
  /** Whether the requests of one browser share a session, because its cookie is like no other. */
  shares: boolean;
  /** Its cookies. */
  names: readonly string[];
}

const PAGE_AND_FIVE = Array.from({ length: 6 }, () => "/");

/** Tests what every reader promises, over the real library. */
export function testReader(start: () => Promise<Library> | Library): void {
  test("whoever was logged in stays so, under a cookie of ours, and the old one is removed", async () => {
    const { old, reader, names } = await start();
    const ours = await site({ readers: [reader] });
    const { ada } = await loggedIn(ours, old);
    const first = await ada.visit("/");
    expect(dataOf(first)).toEqual({ user: "ada", cart: ["tea"] });
    expect(first.headers["cache-control"]).toBe("no-store");
    expect(ada.cookies()).toMatch(/^sid=[^;]+$/);
    const removed = first.setCookies.filter((line) => line.includes("Max-Age=0")).map((line) => line.split("=")[0]);
    expect(removed).toEqual(names);
    const second = await ada.visit("/count");
    expect(dataOf(second)).toEqual({ user: "ada", cart: ["tea"], count: 1 });
    expect(second.setCookies.filter((line) => !line.startsWith("sid="))).toEqual([]);
    expect(userOf(await ada.visit("/"))).toBe("ada");
  });

  test("a copy of the old cookie is good for nothing after the logout", async () => {
    const { old, reader } = await start();
    const ours = await site({ readers: [reader] });
    const { ada, former } = await loggedIn(ours, old);
    expect(userOf(await ada.visit("/"))).toBe("ada");
    await ada.visit("/logout");
    expect(ada.cookies()).toBeUndefined();
    const thief = ours.visitor();
    expect(userOf(await thief.visit("/", { cookie: former }))).toBeUndefined();
    expect(thief.cookies()).toBeUndefined();
  });

  test("a login and a logout at the first visit end the old cookie, too", async () => {
    const { old, reader } = await start();
    const ours = await site({ readers: [reader] });
    const { ada, former } = await loggedIn(ours, old);
    await ada.visit("/logout");
    expect(ada.cookies()).toBeUndefined();
    expect(userOf(await ada.visit("/", { cookie: former }))).toBeUndefined();
  });

  test("a page and five requests of its own at the same time all see the login", async () => {
    const { old, reader, shares } = await start();
    const ours = await site({ readers: [reader] });
    const { ada, former } = await loggedIn(ours, old);
    const together = barrier(PAGE_AND_FIVE.length);
    let adopting = 0;
    ours.store.before = (verb) => (verb === "create" && ++adopting <= 6 ? together() : undefined);
    const pages = await Promise.all(PAGE_AND_FIVE.map((path) => ada.visit(path, { cookie: former })));
    expect(pages.map(userOf)).toEqual(PAGE_AND_FIVE.map(() => "ada"));
    expect(idsIn(pages).size).toBe(shares ? 1 : 6);
    expect(userOf(await ada.visit("/"))).toBe("ada");
  });

  test("a request that was on its way while another adopted the session finds it", async () => {
    const { old, reader, shares } = await start();
    const ours = await site({ readers: [reader] });
    const { ada, former } = await loggedIn(ours, old);
    const first = await ada.visit("/count");
    const late = await ada.visit("/count", { cookie: former });
    expect(dataOf(late)).toEqual({ user: "ada", cart: ["tea"], count: shares ? 2 : 1 });
    expect(idsIn([first, late]).size).toBe(shares ? 1 : 2);
  });

  test("a forged cookie is nobody's, and asks the store for nothing", async () => {
    const { old, reader } = await start();
    const ours = await site({ readers: [reader] });
    const { former } = await loggedIn(ours, old);
    const mallory = ours.visitor();
    for (const cookie of forgeriesOf(former)) {
      const events = await eventsOf(async () => expect(userOf(await mallory.visit("/", { cookie }))).toBeUndefined());
      expect(events.map(({ type }) => type)).toEqual(["rejected"]);
    }
    expect(ours.store.take()).toEqual({ create: 0, read: 0, update: 0, delete: 0 });
    expect(mallory.cookies()).toBeUndefined();
  });

  test("nonsense under the name of the old cookie is nobody's", async () => {
    const { reader, names } = await start();
    const ours = await site({ readers: [reader] });
    for (const value of NONSENSE) {
      const cookie = names.map((name) => `${name}=${value}`).join("; ");
      const page = await ours.visitor().visit("/", { cookie });
      expect([page.status, page.text, page.setCookies]).toEqual([200, "{}", []]);
    }
  });

  test("from `until` on, no old cookie is read", async () => {
    const { old, reader } = await start();
    const until = new Date(Date.now() + 60_000);
    const ours = await site({ readers: [reader], until });
    const { ada } = await loggedIn(ours, old);
    ours.clock.advance(60_000);
    expect(userOf(await ada.visit("/"))).toBeUndefined();
    expect(ours.store.take().read).toBe(0);
  });
}
