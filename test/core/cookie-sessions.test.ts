import { describe, expect, test } from "vitest";
import { type CookieSessionsOptions, cookieSessions } from "../../src/index.ts";
import { markFailed } from "../../src/core/state.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { type Data, KEY, OTHER_KEY, START, Visitor, eventsOf, setCookies } from "./helpers.ts";

function setup(options: Partial<CookieSessionsOptions> = {}) {
  const clock = manualClock(START);
  const sessions = cookieSessions<Data>({ clock, keys: { current: KEY }, ...options });
  return { clock, sessions, browser: new Visitor(sessions), visitor: () => new Visitor(sessions) };
}

describe.each(["sealed", "signed"] as const)("a %s cookie", (format) => {
  test("carries the data from request to request", async () => {
    const { browser } = setup({ format });
    const data = { user: "ada", when: new Date(START), bytes: Uint8Array.of(1, 2), list: [1, { two: 2 }] };
    const saved = await browser.visit((session) => Object.assign(session, data));
    expect(saved.result).toBe("saved");
    expect({ ...(await browser.open()) }).toEqual(data);
  });

  test("is sent only when it changes or is due", async () => {
    const { browser, clock } = setup({ format, timeouts: { idle: 600 } });
    await browser.visit((session) => {
      session["user"] = "ada";
      session.permanent = true;
    });
    expect(setCookies(await browser.visit((session) => session["user"]))).toEqual([]);
    clock.advance(60_000);
    expect(setCookies(await browser.visit(() => undefined))).toHaveLength(1);
  });

  test("finds nested changes, and needs nothing to be removed", async () => {
    const { browser } = setup({ format });
    await browser.visit((session) => {
      session["cart"] = { items: ["tea"] };
    });
    await browser.visit((session) => (session["cart"] as { items: string[] }).items.push("milk"));
    expect((await browser.open())["cart"]).toEqual({ items: ["tea", "milk"] });
    expect(setCookies(await browser.visit((session) => session.clear()))).toEqual([
      "sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; Path=/; SameSite=Lax",
    ]);
    expect((await browser.open()).isNew).toBe(true);
  });

  test.each([
    ["changed", (value: string) => `${value.slice(0, 20)}${value[20] === "A" ? "B" : "A"}${value.slice(21)}`],
    ["truncated", (value: string) => value.slice(0, -3)],
    ["of another kind", () => "eyJ1c2VyIjoiYWRhIn0.ZjiB2Q.uddWvE1ez40PYvM2ck4w9HTPOxs"],
    ["nonsense", () => "\u00e9;=,"],
    ["very long", () => "A".repeat(16_000)],
  ])("that is %s is no session and no error", async (_kind, spoil) => {
    const { browser } = setup({ format });
    await browser.visit((session) => {
      session["user"] = "ada";
    });
    browser.cookie = `sid=${spoil((browser.cookie ?? "").slice(4))}`;
    expect((await browser.open()).isNew).toBe(true);
  });

  test("ends when it is not used, and when its time is over, to the second", async () => {
    const { browser, clock } = setup({ format, timeouts: { idle: 100, absolute: 250 } });
    await browser.visit((session) => {
      session["user"] = "ada";
      session.permanent = true;
    });
    for (const step of [100, 100, 49]) {
      clock.advance(step * 1000);
      expect((await browser.open()).isNew).toBe(false);
      await browser.visit(() => undefined);
    }
    clock.advance(1000);
    expect((await browser.open()).isNew).toBe(true);
  });

  test("of a previous key is read, and made anew", async () => {
    const { browser, clock } = setup({ format });
    await browser.visit((session) => {
      session["user"] = "ada";
    });
    const rotated = new Visitor(cookieSessions({ clock, format, keys: { current: OTHER_KEY, previous: [KEY] } }));
    rotated.cookie = browser.cookie;
    expect(setCookies(await rotated.visit((session) => session["user"]))).toHaveLength(1);
    const dropped = new Visitor(cookieSessions({ clock, format, keys: { current: OTHER_KEY } }));
    dropped.cookie = rotated.cookie;
    expect((await dropped.open())["user"]).toBe("ada");
  });

  test("cannot count, and says so", async () => {
    const session = await setup({ format }).browser.open();
    expect(() => session.update("n", () => 1)).toThrow(expect.objectContaining({ code: "READ_ONLY" }));
  });

  test("over 4096 bytes is an error that names the biggest keys, and not their values", async () => {
    const { browser } = setup({ format });
    const session = await browser.open();
    session["small"] = 1;
    session["huge"] = randomText(6000);
    const saving = browser.save(session);
    await expect(saving).rejects.toMatchObject({ code: "SIZE" });
    await expect(saving).rejects.toThrow(/"huge" \(\d+ bytes\)/);
    expect(browser.cookie).toBeUndefined();
  });

  test("of a handler that threw is not sent", async () => {
    const { browser } = setup({ format });
    const session = await browser.open();
    session["user"] = "ada";
    markFailed(session);
    expect(setCookies(await browser.save(session))).toEqual([]);
  });
});

test("a sealed cookie tells nothing of its data", async () => {
  const { browser } = setup();
  await browser.visit((session) => {
    session["user"] = "ada-lovelace";
  });
  const value = Buffer.from((browser.cookie ?? "").slice(4), "base64url");
  expect(value.includes("ada-lovelace")).toBe(false);
  expect(value.includes("user")).toBe(false);
});

test("a cookie of one name is none of another", async () => {
  const { browser, clock } = setup({ cookie: { name: "one" } });
  await browser.visit((session) => {
    session["user"] = "ada";
  });
  const other = new Visitor(cookieSessions<Data>({ clock, keys: { current: KEY }, cookie: { name: "two" } }));
  other.cookie = (browser.cookie ?? "").replace("one=", "two=");
  const events = await eventsOf(async () => expect((await other.open()).isNew).toBe(true));
  expect(events).toEqual([{ type: "rejected", reason: "forged" }]);
});

/** Text that no compression makes shorter. */
function randomText(length: number): string {
  let state = 7;
  let text = "";
  while (text.length < length) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    text += String.fromCharCode(33 + (state % 90));
  }
  return text;
}
