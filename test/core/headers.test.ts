import { describe, expect, test } from "vitest";
import { type ResponseHeaders, applyHeaders } from "../../src/index.ts";

function applied(present: Record<string, string>, ...fields: [string, string][]): [string, string][] {
  const all = new Map(Object.entries(present).map(([name, value]) => [name, [value]]));
  const response: ResponseHeaders = {
    get: (name) => all.get(name)?.join(", "),
    set: (name, value) => all.set(name, [value]),
    append: (name, value) => all.set(name, [...(all.get(name) ?? []), value]),
  };
  applyHeaders(fields, response);
  return [...all].flatMap(([name, values]) => values.map((value): [string, string] => [name, value]));
}

describe("what a save adds to a response", () => {
  test.each([
    [{}, "Cookie"],
    [{ vary: "Accept-Encoding" }, "Accept-Encoding, Cookie"],
    [{ vary: "Origin, cookie" }, "Origin, cookie"],
    [{ vary: "" }, "Cookie"],
    [{ vary: "*" }, "*, Cookie"],
  ])("Vary beside %o is %s", (present, vary) => {
    expect(applied(present, ["Vary", "Cookie"])).toEqual([["vary", vary]]);
  });

  test.each([
    [{}, "no-store"],
    [{ "cache-control": "public, max-age=60" }, "private, max-age=60"],
    [{ "cache-control": "s-maxage=10, must-revalidate" }, "private, must-revalidate"],
    [{ "cache-control": "Private, max-age=5" }, "Private, max-age=5"],
    [{ "cache-control": "no-store" }, "no-store"],
  ])("Cache-Control beside %o is %s", (present, value) => {
    expect(applied(present, ["Cache-Control", "no-store"])).toEqual([["cache-control", value]]);
  });

  test("Set-Cookie stands beside those of others", () => {
    const present = { "set-cookie": "a=1; Expires=Thu, 01 Jan 2026 00:00:00 GMT" };
    expect(applied(present, ["Set-Cookie", "sid=2"])).toEqual([
      ["set-cookie", present["set-cookie"]],
      ["set-cookie", "sid=2"],
    ]);
  });
});
