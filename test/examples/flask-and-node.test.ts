import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { has, untilTheEnd } from "../engines.ts";
import { openBrowser, submit } from "./login-browser.ts";
import { end, spawnNode } from "./process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The one command that README.md tells. */
const COMMAND = ["examples/flask-and-node/start.mjs"];

const isHere = ["flask", "redis", "chromium"].every((name) => has(name as "flask"));

describe.skipIf(!isHere)("the example of Flask and Node, in a browser", () => {
  let browser: Browser;
  let url: string;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    const { HOME, XDG_CACHE_HOME } = process.env;
    const example = spawnNode(COMMAND, ROOT, {
      PORT: "0",
      ...(HOME && { HOME }),
      ...(XDG_CACHE_HOME && { XDG_CACHE_HOME }),
    });
    await untilTheEnd(Promise.resolve({ stop: () => end(example) }));
    // Flask says where it listens as well.
    const opened = () => /Open (\S+)/.exec(example.output())?.[1];
    url = (await vi.waitUntil(opened, { timeout: 60_000 })) ?? "";
    browser = await openBrowser();
    await untilTheEnd(Promise.resolve({ stop: () => browser.close() }));
  });
  beforeEach(async () => {
    context = await browser.newContext({ baseURL: url });
    page = await context.newPage();
    await page.goto("/");
  });
  afterEach(() => context.close());

  async function shown() {
    const texts = (selector: string) => page.locator(selector).allInnerTexts();
    const [[heading], [cart], [footer], messages] = [
      await texts("h1"),
      await texts("output"),
      await texts("footer"),
      await texts("[role=status]"),
    ];
    return { heading, cart, footer, messages };
  }

  async function logIn() {
    await page.getByLabel("Name").fill("Ada <b>");
    await submit(page, "Log in");
  }

  test("a login by Flask is known to Node, with Flask's message", async () => {
    expect(await shown()).toEqual({ heading: "Hello stranger", cart: "0", footer: "Served by Flask", messages: [] });
    await logIn();
    const shop = { heading: "Shop of Ada <b>", cart: "0", footer: "Served by Node" };
    expect(await shown()).toEqual({ ...shop, messages: ["Welcome, Ada <b>."] });
    await page.reload();
    expect(await shown()).toEqual({ ...shop, messages: [] });
    expect(await context.cookies()).toHaveLength(1);
  });

  test("what is bought from Node is in Flask's cart, with Node's message", async () => {
    await logIn();
    await submit(page, "Buy a pen");
    const home = { heading: "Hello Ada <b>", cart: "1", footer: "Served by Flask" };
    expect(await shown()).toEqual({ ...home, messages: ["A pen is in your cart."] });
    await page.goto("/shop");
    expect(await shown()).toMatchObject({ cart: "1", messages: [] });
  });

  test.each(["/", "/shop"])("a logout at %s is one for both", async (path) => {
    await logIn();
    await page.goto(path);
    await submit(page, "Log out");
    expect(await context.cookies()).toEqual([]);
    expect(await shown()).toMatchObject({ heading: "Hello stranger", cart: "0" });
    await page.goto("/shop");
    expect(await shown()).toMatchObject({ heading: "Shop of stranger", cart: "0", messages: [] });
  });
});

test.each([
  [
    "Flask",
    { SESSION_REDIS: "redis://127.0.0.1" },
    "Flask is missing: apt-get install python3 python3-venv, and let pip reach PyPI",
  ],
  [
    "Redis",
    { PYTHON: "python3" },
    "redis-server is missing: apt-get install redis-server, or let SESSION_REDIS name one",
  ],
])("the example of Flask and Node says what brings %s, where that is missing", async (_name, env, message) => {
  const empty = mkdtempSync(join(tmpdir(), "flagon-empty-"));
  const { child, output } = spawnNode(COMMAND, ROOT, { ...env, PATH: empty, XDG_CACHE_HOME: empty });
  const [code] = await once(child, "close");
  rmSync(empty, { recursive: true });
  expect([code, output()]).toEqual([1, expect.stringContaining(message)]);
});
