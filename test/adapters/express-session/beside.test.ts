import expressSession from "express-session";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { session } from "../../../src/adapters/express-session.ts";
import { type Site, act, originalSite, site } from "./rig.ts";

// The same visits to both packages. Time stands still, so that cookies and records are equal to the byte.
beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

interface Kept {
  sessions: Record<string, string>;
}

const SCRIPTS: Record<string, string[]> = {
  "a session that nobody uses": ["/", "/", "/"],
  "changes and reads": ["/set/user/ada", "/", "/set/user/ada", "/set/user/bob", "/delete/user", "/"],
  "deep values and dates": ["/deep", "/", "/deep"],
  "the life of the cookie": ["/maxAge/5000", "/set/a/1", "/expires/1800000009000", "/set/b/1", "/browser", "/set/c/1"],
  "a touch": ["/set/a/1", "/touch", "/"],
  "a session that is saved by hand": ["/set/a/1", "/save", "/save", "/count", "/save"],
  "a session that is loaded again": ["/set/a/1", "/reload", "/"],
  "an end": ["/set/a/1", "/destroy", "/", "/set/a/2"],
  "a new id": ["/set/a/1", "/regenerate", "/set/b/1", "/"],
  "a login": ["/", "/login/ada", "/", "/login/bob"],
  "a session that is set to null": ["/set/a/1", "/unset", "/", "/set/a/2", "/unset"],
  "a body that begins early": ["/set/a/1", "/stream", "/"],
};

const OPTIONS = [
  {},
  { resave: true, saveUninitialized: true },
  { resave: true },
  { saveUninitialized: true },
  { rolling: true },
  { rolling: true, saveUninitialized: true },
  { unset: "destroy" },
  { unset: "destroy", saveUninitialized: true, resave: true },
] as const;

const COOKIES = [
  undefined,
  { maxAge: 60_000 },
  { maxAge: 60_000, sameSite: "lax", httpOnly: false, priority: "high", partitioned: true, domain: "example.com" },
  { sameSite: true, secure: "auto" },
  { secure: true },
] as const;

/** What comes back from each visit, and what is stored then. */
async function transcript(visited: Promise<Site>, store: Kept, script: readonly string[]): Promise<unknown[]> {
  const tab = (await visited).tab();
  const lines: unknown[] = [];
  for (const path of script) {
    const { status, setCookies, text } = await tab.visit(path);
    lines.push({ path, status, setCookies, text, stored: { ...store.sessions } });
    vi.setSystemTime(Date.now() + 1000);
  }
  return lines;
}

function counter(): () => string {
  let count = 0;
  return () => `id-${++count}`;
}

describe.each(Object.entries(SCRIPTS))("%s", (_what, script) => {
  test.each(OPTIONS.map((options, at) => [options, at] as const))("is as beside: %j", async (options, at) => {
    // Every other cookie: that is each of them with every other option.
    for (const cookie of COOKIES.filter((_cookie, index) => (index + at) % 2 === 0)) {
      const began = Date.now();
      const store = new expressSession.MemoryStore();
      const before = { ...options, store, genid: counter(), ...(cookie && { cookie }) };
      const expected = await transcript(originalSite(before, act), store as unknown as Kept, script);
      vi.setSystemTime(began);
      const own = new session.MemoryStore();
      const after = { ...options, store: own, genid: counter(), ...(cookie && { cookie }) };
      expect(await transcript(site(after, act), own, script)).toEqual(expected);
    }
  });
});
