/** What every adapter refuses when it is created. */
import { describe, expect, test } from "vitest";
import { session as expressSession } from "../../src/adapters/express.ts";
import { session as fetchSession } from "../../src/adapters/fetch.ts";
import { session as h3v1Session } from "../../src/adapters/h3-v1.ts";
import { session as h3Session } from "../../src/adapters/h3.ts";
import { session as honoSession } from "../../src/adapters/hono.ts";
import { session as koaSession } from "../../src/adapters/koa.ts";
import { LockSession, SessionModule } from "../../src/adapters/nest.ts";
import { session as nodeSession } from "../../src/adapters/node.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { fixture } from "./fixtures.ts";

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

describe("the option property", () => {
  const OF_NODE = ["", "headers", "url", "__proto__"];
  const WRONG: Record<string, [set: (property: string) => unknown, names: string[]]> = {
    express: [(property) => expressSession(visits, { property }), OF_NODE],
    koa: [(property) => koaSession(visits, { property }), OF_NODE],
    node: [(property) => nodeSession(visits, () => undefined, { property }), OF_NODE],
    nest: [(property) => SessionModule.forRoot(visits, { property }), OF_NODE],
    "Nest's LockSession": [(property) => LockSession({ property }), OF_NODE],
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
