/** What every adapter refuses when it is created. */
import { describe, expect, test } from "vitest";
import { session as expressSession } from "../../src/adapters/express.ts";
import { session as fetchSession } from "../../src/adapters/fetch.ts";
import { session as h3v1Session } from "../../src/adapters/h3-v1.ts";
import { session as h3Session } from "../../src/adapters/h3.ts";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { session as koaSession } from "../../src/adapters/koa.ts";
import { SessionModule } from "../../src/adapters/nest.ts";
import { session as nodeSession } from "../../src/adapters/node.ts";
import type { SessionError } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { browser } from "../../src/testing/browser.ts";
import { closing } from "./closing.ts";
import { fixture } from "./fixtures.ts";
import { EXPRESS, KOA, listen, listenKoa } from "./servers.ts";

const { visits } = fixture();

const ADAPTERS: Record<string, (sessions: never, options?: never) => unknown> = {
  express: expressSession,
  koa: koaSession,
  node: (sessions, options) => nodeSession(sessions, () => undefined, options),
  fetch: (sessions, options) => fetchSession(sessions, () => new Response(), options),
  "h3 1": h3v1Session,
  "h3 2": h3Session,
  hono: honoSession,
};

describe.each(Object.entries(ADAPTERS))("session of %s", (_name, create) => {
  const config = expect.objectContaining({ code: "CONFIG" });

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["an empty object", {}],
    ["a store", memoryStore()],
    ["a promise", Promise.resolve(visits)],
  ])("throws for what are no sessions: %s", (_what, sessions) => {
    expect(() => create(sessions as never)).toThrow(config);
  });

  test.each([{ loda: "lazy" }, { trustPorxy: true }, { load: "late" }, null])(
    "throws for options that it does not know: %j",
    (options) => {
      expect(() => create(visits as never, options as never)).toThrow(config);
    },
  );
});

/** All that can be found in an object, and in what it inherits from. */
function namesIn(host: object): string[] {
  const names: string[] = [];
  for (let each: unknown = host; each !== null; each = Object.getPrototypeOf(each)) {
    names.push(...Object.getOwnPropertyNames(each));
  }
  return names;
}

function codeOf(create: () => unknown): string | undefined {
  try {
    return void create();
  } catch (error) {
    return (error as SessionError).code;
  }
}

/** The names of what an application handles. */
const FRAMEWORKS: [name: string, set: typeof expressSession | typeof koaSession, names: () => Promise<string[]>][] = [
  ...Object.entries(EXPRESS).map(([name, express]): (typeof FRAMEWORKS)[number] => {
    const names = async () => {
      const handled: string[] = [];
      const app = express().use((req, res) => (handled.push(...namesIn(req)), res.end()));
      await browser(closing(await listen(app)).url).visit("/");
      return handled;
    };
    return [name, expressSession, names];
  }),
  ...Object.entries(KOA).map(([name, koa]): (typeof FRAMEWORKS)[number] => {
    const names = async () => {
      const handled: string[] = [];
      const app = koa().use((ctx) => void handled.push(...namesIn(ctx)));
      await browser(closing(await listenKoa(app)).url).visit("/");
      return handled;
    };
    return [name, koaSession, names];
  }),
];

describe("the option property", () => {
  test.each(FRAMEWORKS)("is nothing that %s has by itself", async (_name, session, namesOf) => {
    const names = await namesOf();
    expect(names).toContain("query");
    expect(names.filter((property) => codeOf(() => session(visits, { property })) !== "CONFIG")).toEqual([]);
  });

  const OF_NODE = ["", "headers", "url", "__proto__"];
  const WRONG: Record<string, [set: (property: string) => unknown, names: string[]]> = {
    express: [(property) => expressSession(visits, { property }), OF_NODE],
    koa: [(property) => koaSession(visits, { property }), OF_NODE],
    node: [(property) => nodeSession(visits, () => undefined, { property }), OF_NODE],
    nest: [(property) => SessionModule.forRoot(visits, { property }), OF_NODE],
    "h3 1": [(property) => h3v1Session(visits, { property }), [...OF_NODE, "params", "sessions"]],
    "h3 2": [(property) => h3Session(visits, { property }), ["", "params", "sessions", "__proto__"]],
    hono: [(property) => honoSession(visits, { property }), ["", "__proto__"]],
  };

  test.each(Object.entries(WRONG))("is no name that is taken: %s", (_name, [set, names]) => {
    const config = expect.objectContaining({
      code: "CONFIG",
      message: expect.stringContaining("give a name that no request has yet"),
    });
    for (const property of names) expect(() => set(property)).toThrow(config);
  });
});
