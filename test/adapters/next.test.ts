import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { type NextHeaders, session } from "../../src/adapters/next.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { testAdapter } from "../../src/testing/adapter-suite.ts";
import { testResponses } from "../../src/testing/response-suite.ts";
import { type Browser, type Page, type VisitOptions, browser } from "../../src/testing/browser.ts";
import {
  type AdapterKit,
  type CountingStore,
  type Served,
  countingStore,
} from "../../src/testing/internal/adapter-stage.ts";
import { setStage } from "./next-app/lib/stage.ts";
import { bodyOf, listen } from "./servers.ts";

const DIR = fileURLToPath(new URL("next-app", import.meta.url));
const NEXT = fileURLToPath(new URL("../../node_modules/next/dist/bin/next", import.meta.url));

const require = createRequire(import.meta.url);

/** What is asked of Next, without its types: they change those of `process.env` in the whole program. */
type Next = (options: { dev: boolean; dir: string; quiet: boolean }) => {
  prepare: () => Promise<void>;
  getRequestHandler: () => (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  close: () => Promise<void>;
};

let served: Served;

/** Next builds in a process of its own, and serves in this one, so that the kit's handlers and stores are at hand. */
beforeAll(async () => {
  // Next tells there of every error that a test makes.
  for (const level of ["error", "warn"] as const) vi.spyOn(console, level).mockReturnValue(undefined);
  Object.assign(process.env, { NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" });
  const build = spawn(process.execPath, [NEXT, "build", DIR], { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = (await once(build, "close")) as [number];
  assert.equal(code, 0, "the build failed");
  const next = require("next") as Next;
  const app = next({ dev: false, dir: DIR, quiet: true });
  await app.prepare();
  const server = await listen((req, res) => void app.getRequestHandler()(req, res));
  served = { url: server.url, close: async () => (await server.close(), await app.close()) };
});
afterAll(() => served?.close());

/** Has the application's catch-all route answer as the kit wants. */
const overNext: AdapterKit["serve"] = (sessions, act) => {
  const { getSession, withSession } = session(sessions, require("next/headers.js") as NextHeaders);
  const kit = withSession(async (request: Request) => {
    const { status = 200, headers = [], body } = await act(new URL(request.url).pathname, getSession);
    return new Response(bodyOf(body), { status, headers: headers.map(([name, value]) => [name, value]) });
  });
  setStage({ kit, store: memoryStore() });
  return { url: served.url, close: () => undefined };
};

describe("next adapter", () => {
  testAdapter({ test, serve: overNext, load: "lazy" });
  testResponses({ test, serve: overNext, throwsToHost: true });
});

/** Which page has which form. */
const PAGES = { act: "/page", visit: "/page", buy: "/page/cart" };

/** What a page says. */
function sayings(html: string): string[] {
  return [...html.matchAll(/<(header|p)>(.*?)<\/\1>/g)].map(([, , text = ""]) => text);
}

/** A form as a browser sends it. */
async function encoded(fields: Record<string, string>): Promise<Pick<VisitOptions, "headers" | "body">> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  const response = new Response(form);
  return { headers: { "content-type": response.headers.get("content-type") ?? "" }, body: await response.text() };
}

/** A `Set-Cookie` line as its parts, of which only the first has its place. */
function partsOf(line: string | undefined): string[] {
  const [pair = "", ...attributes] = line?.split("; ") ?? [];
  return [pair, ...attributes.toSorted()];
}

describe("a next application", () => {
  let store: CountingStore;
  let tab: Browser;
  let down = false;

  beforeEach(() => {
    down = false;
    store = countingStore(memoryStore(), () => {
      if (down) throw new Error("the store is down, on purpose");
    });
    const kit = () => Promise.resolve(new Response());
    setStage({ store, kit });
    tab = browser(served.url);
  });

  /** Submits a form as a browser without scripts does. */
  async function submit(form: keyof typeof PAGES, fields: Record<string, string> = {}, by = tab): Promise<Page> {
    const path = PAGES[form];
    const { text } = await by.visit(path);
    const [, html = ""] = new RegExp(`<form id="${form}".*?>(.*?)</form>`).exec(text) ?? [];
    const [, action = ""] = /name="(\$ACTION_ID_\w+)"/.exec(html) ?? [];
    return by.visit(path, { method: "POST", ...(await encoded({ [action]: "", ...fields })) });
  }

  test("reads a session once for all components of a page, which cannot change it", async () => {
    await submit("act", { user: "ada" });
    store.take();
    const page = await tab.visit("/page");
    expect(sayings(page.text)).toEqual(["layout: ada", "page: ada, visits: 0"]);
    expect([store.take().read, page.setCookies]).toEqual([1, []]);
    const changes = ["assign", "delete", "define", "regenerate", "update", "visit"];
    const [, said] = sayings((await tab.visit("/page/write")).text);
    expect(said).toBe(changes.map((name) => `${name} READ_ONLY`).join(", "));
    expect(store.take()).toMatchObject({ create: 0, update: 0, delete: 0 });
  });

  test("asks the store nothing for a page to a browser without a cookie", async () => {
    const page = await tab.visit("/page");
    expect(sayings(page.text)).toEqual(["layout: nobody", "page: nobody, visits: 0"]);
    expect(store.take()).toEqual({ create: 0, read: 0, update: 0, delete: 0 });
  });

  test("keeps what an action changed, sets its cookie, and shows it in the page that answers", async () => {
    const page = await submit("act", { user: "ada" });
    expect([page.status, ...sayings(page.text)]).toEqual([200, "layout: ada", "page: ada, visits: 0"]);
    expect(page.setCookies.map(partsOf)).toEqual([
      [expect.stringMatching(/^sid=[\w-]+\.[\w-]+$/), "HttpOnly", "Path=/", "SameSite=Lax"],
    ]);
    expect(page.headers["cache-control"]).toContain("no-store");
    expect(sayings((await tab.visit("/page")).text)[0]).toBe("layout: ada");
  });

  test("saves an action once, and a change without a cookie as well", async () => {
    await submit("act", { user: "ada" });
    store.take();
    const page = await submit("visit");
    expect([page.setCookies, ...sayings(page.text)]).toEqual([[], "layout: ada", "page: ada, visits: 1"]);
    // One read is that of the page with the form.
    expect(store.take()).toEqual({ create: 0, read: 2, update: 1, delete: 0 });
  });

  test("removes the cookie when an action ends the session, with the attributes that set it", async () => {
    const [set] = (await submit("act", { user: "ada" })).setCookies;
    const [removed] = (await submit("act")).setCookies;
    const attributes = partsOf(removed).slice(1);
    expect(attributes.filter((text) => !/^(Expires|Max-Age)=/.test(text))).toEqual(partsOf(set).slice(1));
    expect(attributes).toEqual(expect.arrayContaining(["Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"]));
    expect(tab.cookies()).toBeUndefined();
  });

  test("names the cookie for https as the proxy in front of it says", async () => {
    const secure = browser(served.url, { https: true });
    const { setCookies } = await submit("act", { user: "ada" }, secure);
    expect(partsOf(setCookies[0])).toEqual([
      expect.stringMatching(/^__Host-sid=/),
      "HttpOnly",
      "Path=/",
      "SameSite=Lax",
      "Secure",
    ]);
    expect(sayings((await secure.visit("/page")).text)[0]).toBe("layout: ada");
    expect(sayings((await tab.visit("/page")).text)[0]).toBe("layout: nobody");
  });

  test.each([
    ["redirect", 303],
    ["notFound", 404],
  ])("keeps what an action changed that ends by %s", async (end, status) => {
    const page = await submit("act", { user: "ada", end });
    expect([page.status, page.setCookies.length]).toEqual([status, 1]);
    expect(sayings((await tab.visit("/page")).text)[0]).toBe("layout: ada");
  });

  test("keeps nothing of an action that throws but the new id", async () => {
    await submit("act", { user: "ada" });
    const old = { cookie: tab.cookies() ?? "" };
    expect((await submit("act", { user: "eve", end: "throw" })).status).toBe(500);
    expect(sayings((await tab.visit("/page")).text)[0]).toBe("layout: ada");
    expect(sayings((await tab.visit("/page", old)).text)[0]).toBe("layout: nobody");
  });

  test("keeps what an action changed in two sessions, however it ends, and neither when it throws", async () => {
    const first = await submit("buy");
    expect(first.setCookies.map((line) => line.split("=")[0]).toSorted()).toEqual(["cart", "sid"]);
    expect(sayings(first.text)[1]).toBe("visits: 1, items: 1");
    const second = await submit("buy", { end: "redirect" });
    expect([second.status, second.setCookies]).toEqual([303, []]);
    expect((await submit("buy", { end: "throw" })).status).toBe(500);
    expect(sayings((await tab.visit("/page/cart")).text)[1]).toBe("visits: 2, items: 2");
  });

  test.each([
    ["redirect", 307, "/page?a=1;b"],
    ["moved", 308, "/page"],
    ["Response", 302, "http://localhost/page"],
    ["notFound", 404, undefined],
    ["cookie", 200, undefined],
  ])("keeps what a route handler changed that ends by %s", async (end, status, location) => {
    const page = await tab.visit(`/answer/${end}`);
    expect([page.status, page.headers["location"]]).toEqual([status, location]);
    expect(page.setCookies).toContainEqual(expect.stringMatching(/^sid=/));
    expect(sayings((await tab.visit("/page")).text)[0]).toBe("layout: ada");
  });

  test("changes a session in the proxy, before the page reads it", async () => {
    await submit("act", { user: "ada" });
    expect(sayings((await tab.visit("/proxied")).text)[1]).toBe("visits: 1");
    expect(sayings((await tab.visit("/proxied")).text)[1]).toBe("visits: 2");
  });

  test("begins a session in the proxy, which the page finds with the next request", async () => {
    const first = await tab.visit("/proxied");
    expect([first.setCookies.length, sayings(first.text)[1]]).toEqual([1, "visits: 0"]);
    expect(sayings((await tab.visit("/proxied")).text)[1]).toBe("visits: 2");
  });

  test("is an error while the store is down, and leaves the browser its cookie", async () => {
    await submit("act", { user: "ada" });
    const cookie = tab.cookies();
    down = true;
    for (const [path, status] of [
      ["/page", 500],
      ["/answer/cookie", 503],
      ["/proxied", 503],
    ] as const) {
      expect(await tab.visit(path)).toMatchObject({ status, setCookies: [] });
    }
    down = false;
    expect(tab.cookies()).toBe(cookie);
    expect(sayings((await tab.visit("/page")).text)[0]).toBe("layout: ada");
  });
});
