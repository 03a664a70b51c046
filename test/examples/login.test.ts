import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { has, startRedis } from "../engines.ts";
import { type App, serving, startApp } from "./login-app.ts";
import { keysOn, logIn, messagesOn, openBrowser, readKey, sendLogin, setKey, submit } from "./login-browser.ts";

const DAY = 24 * 3600;

interface Kind {
  title: string;
  isHere: boolean;
  /** Parallel answers overwrite each other's cookie. */
  inCookie?: boolean;
  /** What its environment says, and how to end what was started for it. */
  open(): Promise<{ env: NodeJS.ProcessEnv; stop?: () => Promise<void> }>;
}

const KINDS: Kind[] = [
  { title: "embedded files", isHere: true, open: async () => ({ env: {} }) },
  {
    title: "Redis",
    isHere: has("redis"),
    async open() {
      const redis = await startRedis();
      return { env: { SESSION_TYPE: "redis", SESSION_REDIS: redis.url }, stop: () => redis.stop() };
    },
  },
  {
    title: "Flask's signed cookie",
    isHere: true,
    inCookie: true,
    open: async () => ({ env: { SESSION_TYPE: "" } }),
  },
];

describe.skipIf(!has("chromium"))("the login example in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser.close());

  for (const kind of KINDS) {
    describe.skipIf(!kind.isHere)(`on ${kind.title}`, () => {
      walk(kind, () => browser);
    });
  }
});

function walk(kind: Kind, browser: () => Browser): void {
  let app: App;
  let stop: (() => Promise<void>) | undefined;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    const opened = await kind.open();
    stop = opened.stop;
    app = await startApp(opened.env);
    await serving(app.url);
  });
  afterAll(async () => {
    await app.remove();
    await stop?.();
  });
  beforeEach(async () => {
    complaints = [];
    context = await browser().newContext({ baseURL: app.url });
    context.on("console", (message) => {
      // A restart may cut off the icon of the page before.
      const isCutOff = message.text().includes("net::ERR_CONNECTION");
      if (message.type() === "error" && !isCutOff) complaints.push(message.text());
    });
    context.on("weberror", (error) => complaints.push(error.error().message));
    page = await context.newPage();
  });
  afterEach(async () => {
    await context.close();
    expect(complaints, "the browser complained of nothing, the content security policy included").toEqual([]);
  });

  const heading = () => page.getByRole("heading", { level: 1 }).innerText();

  it("lets nobody in with a wrong password, and says so", async () => {
    page = await logIn(context, app.url, { password: "byron" });
    expect(await messagesOn(page)).toEqual(["That user name and password do not belong together."]);
    await page.goto("/");
    expect(await heading()).toBe("Hello, stranger");
  });

  it("asks for the login before the list, then goes there and greets at home", async () => {
    await page.goto("/list");
    expect(new URL(page.url()).pathname).toBe("/login");
    expect(await messagesOn(page)).toEqual(["Please log in first."]);
    await sendLogin(page);
    expect(new URL(page.url()).pathname).toBe("/list");
    expect(await page.getByRole("listitem").count()).toBe(5);
    await page.goto("/");
    expect(await heading()).toBe("Hello, Ada Lovelace");
  });

  it("shows a message once", async () => {
    page = await logIn(context, app.url);
    expect(await messagesOn(page)).toEqual(["Welcome, Ada Lovelace."]);
    await page.reload();
    expect(await messagesOn(page)).toEqual([]);
  });

  it("sets, reads, deletes and clears keys", async () => {
    page = await logIn(context, app.url);
    await page.goto("/session");
    await setKey(page, "colour", "teal");
    await setKey(page, "size", "large");
    expect(await messagesOn(page)).toEqual(["“size” is set."]);
    expect(await keysOn(page)).toMatchObject({ user: "ada", colour: "teal", size: "large", csrfToken: "(hidden)" });
    expect(await readKey(page, "colour")).toBe("teal");

    await submit(page, "Delete colour");
    expect(await keysOn(page)).not.toHaveProperty("colour");
    expect(await readKey(page, "colour")).toBe("There is no such key.");

    await submit(page, "Clear");
    const left = Object.keys(await keysOn(page)).filter((key) => !key.startsWith("_"));
    expect(left).toEqual(["csrfToken"]);
    await page.goto("/");
    expect(await heading()).toBe("Hello, stranger");
  });

  it("shows HTML as the text that it is", async () => {
    const html = `<img src="x" onerror="alert(1)"><b>bold</b>`;
    await page.goto("/session");
    await setKey(page, "<b>key</b>", html);
    expect(await messagesOn(page)).toEqual(["“<b>key</b>” is set."]);
    expect(await keysOn(page)).toHaveProperty(["<b>key</b>"], html);
    expect(await readKey(page, "<b>key</b>")).toBe(html);
    expect(await page.locator("main img, main b").count()).toBe(0);
  });

  it("keeps the login over a restart", async () => {
    page = await logIn(context, app.url);
    await app.restart();
    await page.goto("/list");
    expect(await heading()).toBe("Reading list");
  });

  it("shows nothing private after the logout, not by the back button either", async () => {
    page = await logIn(context, app.url);
    await page.getByRole("link", { name: "Your session" }).first().click();
    await page.getByRole("link", { name: "Reading list" }).first().click();
    await page.waitForURL("**/list");
    await submit(page, "Log out");
    expect(await messagesOn(page)).toEqual(["You are logged out."]);

    await page.goBack();
    expect(new URL(page.url()).pathname).toBe("/login");
    await page.goBack();
    expect(await heading()).toBe("Your session");
    expect(await keysOn(page)).not.toHaveProperty("user");
    await page.goBack();
    expect(await heading()).toBe("Hello, stranger");
    await page.goto("/list");
    expect(new URL(page.url()).pathname).toBe("/login");
  });

  const { inCookie = false } = kind;
  const promise = inCookie
    ? "of what two tabs set at the same time, at least the last answer"
    : "all that two tabs set at the same time";
  it(`keeps ${promise}`, async () => {
    page = await logIn(context, app.url);
    const tabs = [page, await context.newPage()];
    await Promise.all(tabs.map((tab) => tab.goto("/session")));
    const rounds = [1, 2, 3];
    for (const round of rounds) await Promise.all(tabs.map((tab, index) => setKey(tab, `${index}-${round}`, "kept")));
    await page.goto("/session");
    const all = rounds.flatMap((round) => [`0-${round}`, `1-${round}`]);
    const kept = Object.keys(await keysOn(page)).filter((key) => all.includes(key));
    // Two answers at once are two cookies, and the browser has one: each round keeps one key or both.
    expect(kept.length).toBeGreaterThanOrEqual(inCookie ? 1 : all.length);
  });

  it("logs in the other tab as well, and out", async () => {
    page = await logIn(context, app.url);
    const other = await context.newPage();
    await other.goto("/list");
    await submit(other, "Log out");
    await page.goto("/list");
    expect(new URL(page.url()).pathname).toBe("/login");
  });

  it("remembers the login for 31 days when asked to", async () => {
    page = await logIn(context, app.url, { remember: true });
    const [cookie] = await context.cookies();
    expect(cookie?.expires).toBeGreaterThan(Date.now() / 1000 + 31 * DAY - 60);
    expect(cookie?.expires).toBeLessThan(Date.now() / 1000 + 31 * DAY + 60);
    await page.goto("/session");
    expect(await page.locator(".lead").innerText()).toContain("for 31 days");
    await submit(page, "Log out");
    expect(await context.cookies()).toMatchObject([{ expires: -1 }]);
  });

  it("forgets the login with the browser when not asked to remember", async () => {
    page = await logIn(context, app.url);
    expect(await context.cookies()).toMatchObject([{ name: "session", expires: -1, httpOnly: true, sameSite: "Lax" }]);
  });

  it("refuses a form without its token", async () => {
    page = await logIn(context, app.url);
    const answer = await context.request.post("/logout", { maxRedirects: 0 });
    expect(answer.status()).toBe(403);
    expect(await answer.text()).toContain("This form is too old");
    await page.goto("/list");
    expect(await heading()).toBe("Reading list");
  });
}
