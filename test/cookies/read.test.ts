import { describe, expect, test } from "vitest";
import { readCookies } from "../../src/cookies/read.ts";
import { writeCookie } from "../../src/cookies/write.ts";

describe("reading cookies", () => {
  test("finds every value of a name, whatever the name is", () => {
    expect(readCookies("a=1; b=2; a=3", "a")).toEqual(["1", "3"]);
    expect(readCookies("__proto__=1; constructor=2", "constructor")).toEqual(["2"]);
    expect(readCookies("xa=1; ax=2", "a")).toEqual([]);
    expect(readCookies(undefined, "a")).toEqual([]);
  });

  test("reads back what was written", () => {
    const value = 'a b;c,d"e\\f\u0000\u001f\u007fé日🔑';
    expect(readCookies(`x=1; ${writeCookie("sid", value, {})}`, "sid")).toEqual([value]);
  });

  // A reader that takes quadratic time would need hours for these.
  test.each(["=", ";", '"', "%", " ", ",", "\\", 'sid="', 'sid="\\', "sid= ", "sid=;", '"sid=";', 'a="b;'])(
    "ends with two million characters of %j",
    (piece) => {
      expect(readCookies(`sid=first;${piece.repeat(2_000_000 / piece.length)}`, "sid")[0]).toBe("first");
    },
  );
});
