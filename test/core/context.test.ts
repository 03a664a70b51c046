import { expect, test } from "vitest";
import { runWithSession } from "../../src/core/ambient.ts";
import { session } from "../../src/core/context.ts";
import { memorySessions } from "./helpers.ts";

test("the ambient session is that of the request, however deep and late", async () => {
  const { browser, visitor } = memorySessions();
  const [mine, theirs] = [await browser.open(), await visitor().open()];
  const handler = async (user: string) => {
    await Promise.resolve();
    session["user"] = user;
    await Promise.resolve();
    session.flash(`Hello ${user}`);
    return [session["user"], "user" in session, Object.keys(session), session.get("nobody", 1)];
  };
  const seen = await Promise.all([
    runWithSession(
      () => mine,
      () => handler("ada"),
    ),
    runWithSession(
      () => theirs,
      () => handler("bob"),
    ),
  ]);
  expect(seen).toEqual([
    ["ada", true, ["user", "_flashes"], 1],
    ["bob", true, ["user", "_flashes"], 1],
  ]);
  expect({ ...mine }).toEqual({ user: "ada", _flashes: [["message", "Hello ada"]] });
});

test("outside of a request it says so", () => {
  expect(() => session["user"]).toThrow(expect.objectContaining({ code: "CONTEXT" }));
  expect(() => session.clear()).toThrow(/outside of a request/);
});

test("before it was loaded it says how to load it", () => {
  runWithSession(
    () => undefined,
    () => expect(() => session["user"]).toThrow(/await it once/),
  );
});
