/**
 * The walk that every small example stands: it is started by its one command, greets a stranger at `GET /`, logs in at
 * `POST /login`, greets by name, logs out at `POST /logout`, and greets a stranger again.
 */
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { browser } from "../../src/testing/browser.ts";
import { end, spawnNode, urlIn } from "./process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Starts an example from the repository's root by the arguments of `node`, on a free port, and walks through it. Gives whom
 * it greeted: a stranger, Ada, a stranger, and a stranger again with the cookie from before the logout.
 */
export async function walk(...args: string[]): Promise<(string | undefined)[]> {
  const example = spawnNode(args, ROOT, { PORT: "0" });
  try {
    return await walkAt(await urlIn(example));
  } finally {
    await end(example);
  }
}

/** The same walk through one that has been started, at `url`. */
export async function walkAt(url: string): Promise<(string | undefined)[]> {
  const tab = browser(url);
  // Browsers send it with every POST, and some frameworks refuse one without.
  const headers = { origin: url };
  const first = await tab.visit("/");
  expect([first.status, first.setCookies], "a stranger gets no cookie").toEqual([200, []]);

  const login = await tab.visit("/login", { method: "POST", headers });
  expect([login.status, login.headers["location"], login.setCookies.length]).toEqual([303, "/", 1]);
  const home = await tab.visit("/");
  const cookie = tab.cookies() ?? "";

  const logout = await tab.visit("/logout", { method: "POST", headers });
  expect([logout.status, logout.headers["location"]]).toEqual([303, "/"]);
  expect(tab.cookies(), "the cookie is gone").toBeUndefined();
  const pages = [first, home, await tab.visit("/"), await browser(url).visit("/", { cookie })];
  return pages.map(({ text }) => /Hello (\w+)/.exec(text)?.[1]);
}
