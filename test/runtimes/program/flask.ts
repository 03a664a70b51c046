/** What Flask recorded, as cases: its signed cookie read and written, and the life of its sessions. */
import { flaskCookie } from "../../../scripts/vectors/flask-cookie.ts";
import { httpCookie } from "../../../scripts/vectors/http-cookie.ts";
import { runSuite } from "../../../scripts/vectors/judge.ts";
import { lifecycle } from "../../../scripts/vectors/lifecycle.ts";
import type { Suite, Tools } from "../../../scripts/vectors/suite.ts";
import type { Test } from "../../../src/testing/index.ts";
import type { FLASK } from "../names.ts";

type Name = (typeof FLASK)[number];

const FILES: Readonly<Record<Name, Readonly<Record<string, Suite>>>> = {
  "Flask's cookies": { "flask-cookie": flaskCookie, "http-cookie": httpCookie },
  "Flask's lifecycle": { "lifecycle-flask": lifecycle(false) },
};

/** Declares a case for each file of vectors; `read` gives its text. */
export function testVectors(test: Test, name: Name, read: (file: string) => string | Promise<string>): void {
  for (const [file, suite] of Object.entries(FILES[name])) {
    test(file, async () => {
      const { tally, failures } = await runSuite(suite, await read(`${file}.json`), NO_TOOLS);
      const [first] = failures;
      if (first) throw new Error(`${failures.length} of its cases fail; ${first.id}: ${first.why}`);
      if (tally.passed === 0) throw new Error("no case was run");
    });
  }
}

/** These vectors need no engine. */
const NO_TOOLS: Tools = {
  once: () => Promise.reject(new Error("a vector asks for a tool")),
  redis: () => Promise.reject(new Error("a vector asks for Redis")),
};
