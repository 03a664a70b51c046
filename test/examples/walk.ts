/**
 * The walk that every small example stands: it is started by its one command, greets a stranger at `GET /`, logs in at
 * `POST /login`, greets by name, logs out at `POST /logout`, and greets a stranger again.
 */
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { browser } from "../../src/testing/browser.ts";
import { end, spawnNode, urlIn } from "./process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Starts an example from the repository's root by the arguments of `node`, on a free port, and walks through it. */
export async function walk(...args: string[]): Promise<void> {
  const example = spawnNode(args, ROOT, { PORT: "0" });
  try {
    await walkAt(await urlIn(example));
  } finally {
    await end(example);
  }
}

async function walkAt(url: string): Promise<void> {
  const tab = browser(url);
  const first = await tab.visit("/");
  expect([first.status, first.setCookies], "a stranger gets no cookie").toEqual([200, []]);
  expect(first.text).toContain("Hello stranger");

  const login = await tab.visit("/login", { method: "POST" });
  expect([login.status, login.headers["location"], login.setCookies.length]).toEqual([303, "/", 1]);
  expect((await tab.visit("/")).text).toContain("Hello Ada");
  const cookie = tab.cookies() ?? "";

  const logout = await tab.visit("/logout", { method: "POST" });
  expect([logout.status, logout.headers["location"]]).toEqual([303, "/"]);
  expect(tab.cookies(), "the cookie is gone").toBeUndefined();
  for (const page of [await tab.visit("/"), await browser(url).visit("/", { cookie })]) {
    expect(page.text, "nobody is logged in, with the cookie from before either").toContain("Hello stranger");
  }
}
