import { expect, test } from "vitest";
import { markLate } from "../../src/core/state.ts";
import { cookieSessions } from "../../src/index.ts";
import { type Data, KEY, anonymous, memorySessions } from "./helpers.ts";

/** What the headers of a response have left before. */
const LATE = { code: "LATE" };

test("a change after the headers have left is saved under the id that the browser has", async () => {
  const { browser } = memorySessions();
  await browser.visit((session) => (session["user"] = "ada"));
  const saved = await browser.visit((session) => {
    markLate(session);
    session.update("n", (n) => Number(n ?? 0) + 1);
  });
  expect(saved).toMatchObject({ result: "saved", headers: [["Vary", "Cookie"]] });
  expect({ ...(await browser.open()) }).toEqual({ user: "ada", n: 1 });
});

test("a session that begins after the headers have left leaves no record that nobody could reach", async () => {
  const { browser, store } = memorySessions();
  const session = await browser.open();
  markLate(session);
  session["user"] = "ada";
  await expect(browser.save(session)).rejects.toMatchObject(LATE);
  expect(await store.count()).toBe(0);
});

test("a login after the headers have left does not happen: neither under the old id nor under a new one", async () => {
  const { browser, store } = memorySessions();
  await browser.visit((session) => (session["cart"] = ["tea"]));
  const login = await browser.open();
  markLate(login);
  login.regenerate();
  login["user"] = "ada";
  await expect(browser.save(login)).rejects.toMatchObject(LATE);
  expect({ ...(await browser.open()) }).toEqual({ cart: ["tea"] });
  expect(await store.count()).toBe(1);
});

test("a logout after the headers have left takes effect all the same", async () => {
  const { browser, store } = memorySessions();
  await browser.visit((session) => (session["user"] = "ada"));
  const logout = await browser.open();
  markLate(logout);
  logout.destroy();
  expect(await browser.save(logout)).toMatchObject({ result: "ended" });
  expect(await store.count()).toBe(0);
});

test("a session in the cookie cannot change after the headers have left", async () => {
  const sessions = cookieSessions<Data>({ keys: { current: KEY } });
  const session = await sessions.open(anonymous);
  markLate(session);
  session["user"] = "ada";
  await expect(sessions.save(session)).rejects.toMatchObject(LATE);
});
