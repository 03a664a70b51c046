import { describe, expect, test } from "vitest";
import { markFailed } from "../../src/core/state.ts";
import { memorySessions } from "./helpers.ts";

const SPANS = { idle: 60, absolute: 600, permanent: 6000 };

async function twoRequests(before: Record<string, unknown>) {
  const setup = memorySessions({ timeouts: SPANS });
  await setup.browser.visit((session) => Object.assign(session, { user: "ada", ...before }));
  const other = Object.assign(setup.visitor(), { cookie: setup.browser.cookie });
  return { ...setup, first: await setup.browser.open(), second: await other.open(), other };
}

// Each was found by the model in test/model, and shrunk to this.
describe("a session that is saved again after it was emptied", () => {
  test("gets another id: the old one stays dead", async () => {
    const { browser, visitor } = memorySessions();
    await browser.visit((session) => (session["user"] = "ada"));
    const { cookie } = browser;
    const session = await browser.open();
    session.clear();
    await browser.save(session);
    session["user"] = "eve";
    expect(await browser.save(session)).toMatchObject({ result: "saved" });
    expect((await Object.assign(visitor(), { cookie }).open()).isNew).toBe(true);
    expect({ ...(await browser.open()) }).toEqual({ user: "eve" });
  });
});

describe("a session that one request makes permanent while another changes it", () => {
  test("lives as long as it says, whoever is saved last", async () => {
    const { browser, other, first, second, clock } = await twoRequests({});
    first.permanent = true;
    second["theme"] = "dark";
    await browser.save(first);
    expect(await other.save(second)).toMatchObject({ result: "merged" });
    expect(second.expiresAt).toBe(clock.now() + SPANS.permanent * 1000);
    clock.advance(SPANS.idle * 1000);
    expect({ ...(await browser.open()) }).toEqual({ user: "ada", theme: "dark", _permanent: true });
  });

  test("lives no longer than it says when it is permanent no more", async () => {
    const { browser, other, first, second, clock } = await twoRequests({ _permanent: true });
    first.permanent = false;
    second["theme"] = "dark";
    await browser.save(first);
    await other.save(second);
    clock.advance(SPANS.idle * 1000);
    expect((await browser.open()).isNew).toBe(true);
  });

  test("is gone for whoever comes after the one that ends it by that, in the same write or not", async () => {
    const { browser, other, first, second, clock } = await twoRequests({ _permanent: true });
    clock.advance(SPANS.absolute * 1000);
    const [third, last] = [await other.open(), await other.open()];
    first["theme"] = "dark";
    second["theme"] = "light";
    third.permanent = false;
    last["theme"] = "none";
    const saves = [browser.save(first), other.save(second), other.save(third), other.save(last)];
    const results = (await Promise.all(saves)).map(({ result, conflicts }) => [result, conflicts]);
    expect(results).toEqual([
      ["saved", []],
      ["merged", ["theme"]],
      ["merged", []],
      ["gone", []],
    ]);
    expect((await browser.open()).isNew).toBe(true);
  });

  test("lives as long as it says under its new id", async () => {
    const { browser, other, first, second, clock } = await twoRequests({});
    first.permanent = true;
    second.regenerate();
    await browser.save(first);
    await other.save(second);
    clock.advance(SPANS.idle * 1000);
    expect((await other.open()).permanent).toBe(true);
  });
});

describe("a session that gets a new id while another request changes it", () => {
  test("is dead under the old one, though the other has left the very data that it brings", async () => {
    const { browser, other, first, second, visitor } = await twoRequests({});
    const { cookie } = browser;
    first["theme"] = "dark";
    second["theme"] = "dark";
    second.regenerate();
    await browser.save(first);
    await other.save(second);
    expect((await Object.assign(visitor(), { cookie }).open()).isNew).toBe(true);
    expect({ ...(await other.open()) }).toEqual({ user: "ada", theme: "dark" });
  });

  test("leaves a change in doubt whose reply was lost: it may have gone with it", async () => {
    const { browser, other, first, second, store } = await twoRequests({});
    first.update("n", (n) => Number(n ?? 0) + 1);
    second.regenerate();
    const { update } = store;
    store.update = async (...given) => {
      store.update = update;
      await update(...given);
      await other.save(second);
      throw new Error("ECONNRESET");
    };
    await expect(browser.save(first)).rejects.toMatchObject({ code: "IN_DOUBT" });
    expect((await other.open())["n"]).toBe(1);
  });
});

test("a handler that regenerates, makes the session permanent and throws leaves it as long a life as it had", async () => {
  const { browser, clock } = memorySessions({ timeouts: SPANS });
  await browser.visit((session) => (session["user"] = "ada"));
  const session = await browser.open();
  session.regenerate();
  session.permanent = true;
  markFailed(session);
  const { headers } = await browser.save(session);
  expect(headers.find(([name]) => name === "Set-Cookie")?.[1]).not.toContain("Expires");
  clock.advance(SPANS.idle * 1000);
  expect((await browser.open()).isNew).toBe(true);
});
