import { type App, type EventHandler, createApp, createError, eventHandler, toNodeListener } from "h3v1";
import { describe, expect, test } from "vitest";
import { type H3Options, session } from "../../src/adapters/h3-v1.ts";
import { testAdapter } from "../../src/testing/adapter-suite.ts";
import { type Browser, browser } from "../../src/testing/browser.ts";
import { closing } from "./closing.ts";
import { type Visit, fixture, warningOf } from "./fixtures.ts";
import { listen } from "./servers.ts";
import { overH3v1 } from "./web-servers.ts";

for (const load of ["lazy", "eager"] as const) {
  describe(`h3 1 adapter, ${load}`, () => {
    testAdapter({ test, serve: overH3v1(load), load, ambient: false });
  });
}

/** An application whose `/who` tells the user, and whose `/page` makes it eve. */
function appOf(options: H3Options = {}, end: () => unknown = () => "done"): App {
  const { visits } = fixture();
  const sessionOf = (event: Parameters<EventHandler>[0]) => (event.context["session"] as () => Promise<Visit>)();
  return createApp()
    .use(session(visits, options))
    .use(
      "/who",
      eventHandler(async (event) => String((await sessionOf(event))["user"])),
    )
    .use(
      "/page",
      eventHandler(async (event) => {
        (await sessionOf(event))["user"] = "eve";
        return end();
      }),
    );
}

async function visitorOf(app: App, https = false): Promise<Browser> {
  const served = closing(await listen(toNodeListener(app)));
  return browser(served.url, { https });
}

test.each([
  [401, "eve"],
  [500, "undefined"],
])("an error of %i leaves %s", async (statusCode, user) => {
  const tab = await visitorOf(appOf({}, () => Promise.reject(createError({ statusCode }))));
  expect((await tab.visit("/page")).status).toBe(statusCode);
  expect((await tab.visit("/who")).text).toBe(user);
});

test("mounted twice, it does nothing the second time and says so", async () => {
  const warned = warningOf("FLAGON_TWICE");
  const tab = await visitorOf(appOf().use(session(fixture().visits)));
  await tab.visit("/elsewhere");
  expect(await warned).toContain("app.use it once");
});

test("behind a proxy that is not trusted it says so; behind a trusted one its cookie is secure", async () => {
  const warned = warningOf("FLAGON_PROXY");
  const secure = async (options: H3Options) => {
    const { setCookies } = await (await visitorOf(appOf(options), true)).visit("/page");
    return setCookies.join("").includes("Secure");
  };
  expect([await secure({}), await secure({ trustProxy: true })]).toEqual([false, true]);
  expect(await warned).toContain("trustProxy: true");
});
