/** The examples that a framework builds: each is built once, and everything is asked of its production server. */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Browser, browser } from "../../src/testing/browser.ts";
import { engine, has } from "../engines.ts";
import { type Spawned, end, spawnNode, urlIn } from "./process.ts";
import { walkAt } from "./walk.ts";

/** How each is started, as its page says. */
const EXAMPLES = {
  astro: "node frameworks/start.mjs examples/astro",
  nitro: "node frameworks/start.mjs examples/nitro",
  "react-router": "node frameworks/start.mjs examples/react-router",
  sveltekit: "node frameworks/start.mjs examples/sveltekit",
};

/** What it answers where a session cannot be read. */
const UNREAD: Record<string, number> = { astro: 503, nitro: 503, "react-router": 500, sveltekit: 500 };

/** In milliseconds: it is built first. */
const PATIENCE = 120_000;

describe.skipIf(!has("frameworks")).each(Object.entries(EXAMPLES))("the %s example", (name, command) => {
  /** Laid over the example: routes that change the session to Eve's, and end as their query tells. */
  const ends = `test/examples/frameworks/${name}-ends`;
  let example: Spawned;
  let url: string;
  let app: string;

  beforeAll(async () => {
    const { path } = await engine("frameworks");
    const [, ...args] = command.split(" ");
    app = join(path, "apps", basename(ends));
    const program = ["--import", "./test/examples/frameworks/failing-disk.mjs", ...args, ends];
    example = spawnNode(program, process.cwd(), { FRAMEWORKS_PATH: path, PORT: "0" });
    url = await urlIn(example);
  }, PATIENCE);

  afterAll(() => end(example));

  test("starts as its page says, and walks", async () => {
    expect(readFileSync(`docs/adapters/${name === "nitro" ? "h3-v1" : name}.md`, "utf8")).toContain(command);
    expect(await walkAt(url)).toEqual(["stranger", "Ada", "stranger", "stranger"]);
  });

  test("compiles as it was built", () => {
    const tsc = "node_modules/@typescript/native/bin/tsc";
    const { stdout } = spawnSync(process.execPath, [tsc, "--noEmit", "-p", app], { encoding: "utf8" });
    expect(stdout).toBe("");
  });

  test("saves the session with a redirect and with a refusal", async () => {
    const redirected = await ada(url);
    expect((await redirected.visit("/ends?redirect")).status).toBe(303);
    expect(await greeted(redirected)).toBe("Eve");

    const refused = await ada(url);
    expect((await refused.visit("/ends?refusal")).status).toBe(403);
    expect(await greeted(refused)).toBe("Eve");
  });

  test("saves nothing with an answer of 500, and begins no session", async () => {
    const tab = await ada(url);
    const { status, setCookies } = await tab.visit("/ends");
    expect([status, setCookies]).toEqual([500, []]);
    expect(await greeted(tab)).toBe("Ada");

    const stranger = await browser(url).visit("/ends");
    expect([stranger.status, stranger.setCookies]).toEqual([500, []]);
  });

  test("ends a session with an answer of 500", async () => {
    const tab = await ada(url);
    const cookie = tab.cookies() ?? "";
    expect((await tab.visit("/ends?destroy")).status).toBe(500);
    expect(await greeted(browser(url), cookie)).toBe("stranger");
  });

  // Astro makes its error page outside of the middleware, so nothing tells the visitor the new id.
  const [outcome, whom, cookies] = name === "astro" ? ["signs out", "stranger", 0] : ["keeps", "Ada", 1];
  test(`${outcome} whoever gets a new id with an answer of 500, and the old one is dead`, async () => {
    const tab = await ada(url);
    const cookie = tab.cookies() ?? "";
    const { status, setCookies } = await tab.visit("/ends?regenerate");
    expect([status, setCookies.length]).toEqual([500, cookies]);
    expect(await greeted(tab)).toBe(whom);
    expect(await greeted(browser(url), cookie)).toBe("stranger");
  });

  test("says that the disk fails, and sets no cookie", async () => {
    const tab = await ada(url);
    writeFileSync(join(app, "disk-fails"), "");
    const unread = await tab.visit("/");
    const unsaved = await browser(url).visit("/login", { method: "POST", headers: { origin: url } });
    rmSync(join(app, "disk-fails"));
    expect([unread.status, unread.setCookies]).toEqual([UNREAD[name], []]);
    expect([unsaved.status, unsaved.setCookies]).toEqual([503, []]);
    expect(await greeted(tab), "it works again").toBe("Ada");
  });

  if (name === "astro") hasSecureCookies(() => url);
  if (name === "sveltekit") savesFailures(() => url);
});

/** Which is what `@astrojs/node` believes of anyone. */
function hasSecureCookies(url: () => string): void {
  test("sets a Secure cookie where X-Forwarded-Proto says https", async () => {
    const headers = { origin: url().replace("http:", "https:") };
    const { setCookies } = await browser(url(), { https: true }).visit("/login", { method: "POST", headers });
    expect(setCookies).toEqual([expect.stringMatching(/^__Host-sid=.*; Secure;/)]);
  });
}

function savesFailures(url: () => string): void {
  test("saves the session with what a form action fails with", async () => {
    const tab = browser(url());
    const headers = { origin: url(), accept: "text/html", "content-type": "application/x-www-form-urlencoded" };
    expect((await tab.visit("/form", { method: "POST", headers })).status).toBe(422);
    expect(await greeted(tab)).toBe("Eve");
  });
}

/** A browser in which Ada has logged in. */
async function ada(url: string): Promise<Browser> {
  const tab = browser(url);
  await tab.visit("/login", { method: "POST", headers: { origin: url } });
  return tab;
}

async function greeted(tab: Browser, cookie?: string): Promise<string | undefined> {
  const { text } = await tab.visit("/", cookie === undefined ? {} : { cookie });
  return /Hello (\w+)/.exec(text)?.[1];
}
