import { describe, expect, test } from "vitest";
import { browser } from "../../src/testing/browser.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { closing } from "./closing.ts";
import { listen } from "./servers.ts";

/** A server that sets these cookies at `/a/set`, and says elsewhere what it was sent. */
async function urlOf(...lines: string[]): Promise<string> {
  const served = await listen((req, res) => {
    if (req.url?.startsWith("/a/set") === true) res.setHeader("Set-Cookie", lines);
    res.end(JSON.stringify({ cookie: req.headers.cookie, proto: req.headers["x-forwarded-proto"] }));
  });
  closing(served);
  return served.url;
}

const hour = 3_600_000;

describe("a browser's jar", () => {
  const LINES: Record<string, [lines: string[], root: string | undefined, folder: string | undefined]> = {
    "keeps what comes": [["a=1; Path=/", "b=2; Path=/"], "a=1; b=2", "a=1; b=2"],
    "takes the last of a name": [["a=1; Path=/", "b=2; Path=/", "a=3; path=/"], "a=3; b=2", "a=3; b=2"],
    "keeps to the folder of the page": [["a=1"], undefined, "a=1"],
    "keeps to a path, the longest first": [["a=1; Path=/", "a=2; Path=/a"], "a=1", "a=2; a=1"],
    "knows a folder from a name that begins alike": [["a=1; Path=/a/b", "b=2; Path=/a/"], undefined, "b=2"],
    "forgets by Max-Age": [["a=1; Path=/", "a=; Path=/; Max-Age=0"], undefined, undefined],
    "forgets by Expires": [["a=1; Path=/", "a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], undefined, undefined],
    "takes Max-Age before Expires": [["a=1; Path=/; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "a=1", "a=1"],
    "refuses what is Secure over http": [["a=1; Path=/; Secure", "__Secure-b=2; Path=/"], undefined, undefined],
    "refuses what is too long": [
      [`a=${"1".repeat(4096)}; Path=/`, `b=${"2".repeat(4095)}; Path=/`],
      `b=${"2".repeat(4095)}`,
      `b=${"2".repeat(4095)}`,
    ],
    "keeps a value with an equals sign": [["a=b=c; Path=/"], "a=b=c", "a=b=c"],
  };

  test.each(Object.entries(LINES))("%s", async (_name, [lines, root, folder]) => {
    const tab = browser(await urlOf(...lines));
    await tab.visit("/a/set?");
    expect([tab.cookies(), tab.cookies("/a/page")]).toEqual([root, folder]);
    expect(JSON.parse((await tab.visit("/")).text)).toEqual(root === undefined ? {} : { cookie: root });
  });

  test("forgets a cookie in its time", async () => {
    const clock = manualClock();
    const tab = browser(
      await urlOf("a=1; Path=/; Max-Age=3600", "b=2; Path=/; Expires=Thu, 01 Jan 2026 02:00:00 GMT"),
      { clock },
    );
    await tab.visit("/a/set");
    clock.advance(hour - 1);
    expect(tab.cookies()).toBe("a=1; b=2");
    clock.advance(1);
    expect(tab.cookies()).toBe("b=2");
    clock.advance(hour);
    expect(tab.cookies()).toBeUndefined();
  });

  test("holds prefixes to what they promise", async () => {
    const tab = browser(
      await urlOf(
        "__Host-a=1; Path=/; Secure",
        "__Host-b=1; Path=/a; Secure",
        "__Host-c=1; Path=/; Secure; Domain=example.test",
        "__Host-d=1; Path=/",
        "__Secure-e=1; Path=/; Secure",
        "__Secure-f=1; Path=/",
      ),
      { https: true },
    );
    await tab.visit("/a/set");
    expect(tab.cookies("/a/page")).toBe("__Host-a=1; __Secure-e=1");
  });
});

test("a browser comes by https through a proxy, and sends another cookie where it is told to", async () => {
  const url = await urlOf("a=1; Path=/; Secure");
  const tab = browser(url, { https: true });
  await tab.visit("/a/set");
  expect(JSON.parse((await tab.visit("/")).text)).toEqual({ cookie: "a=1", proto: "https" });
  expect(JSON.parse((await tab.visit("/", { cookie: "a=2" })).text)).toEqual({ cookie: "a=2", proto: "https" });
  expect(tab.cookies()).toBe("a=1");
});
