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

  test.each(["=", ";", '"', "%", " ", ",", "\\", 'sid="', 'sid="\\', "sid= ", "sid=;", '"sid=";', 'a="b;'])(
    "looks at each character of %j × 16 000 only a few times",
    (piece) => {
      const steps = (length: number) => {
        const header = `sid=x;${piece.repeat(length)}`;
        const before = process.cpuUsage().user;
        readCookies(header, "sid");
        return process.cpuUsage().user - before;
      };
      steps(16_000);
      // Quadratic time would be 256 times that of a sixteenth: seconds, not a slow machine's milliseconds.
      expect(steps(256_000)).toBeLessThan(2_000_000);
    },
  );
});
