import { once } from "node:events";
import { type IncomingMessage, request as sendTo } from "node:http";
import { text as textOf } from "node:stream/consumers";
import fastify from "fastify";
import { describe, expect, test } from "vitest";
import { session } from "../../src/adapters/fastify.ts";
import { session as ambient } from "../../src/core/context.ts";
import { type SessionInterface, sessions as storedSessions } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { testAdapter } from "../../src/testing/adapter-suite.ts";
import { closing } from "./closing.ts";
import { appOf, tabAt, tabOf, urlOf } from "./fastify-app.ts";
import { type Data, fixture } from "./fixtures.ts";
import { overFastify } from "./servers.ts";

describe("Fastify adapter", () => {
  describe.each(["eager", "lazy"] as const)("%s", (load) => {
    testAdapter({ test, serve: overFastify(load), load });
  });
});

const keys = { current: "fastify's-own_key-for-tests-only_0123456789" };

describe("request.session", () => {
  test("is there for code below the handler when a body was read, and in the error handler", async () => {
    const app = await appOf(fixture());
    app.post("/", (request) => String(ambient["n"] === request.session["n"]));
    app.setErrorHandler((_error, _request, reply) => reply.send(`error at ${String(ambient["n"])}`));
    const url = await urlOf(app);
    const send = async (body: string) => {
      const headers = { "Content-Type": "application/json", "Content-Length": body.length, Expect: "100-continue" };
      const sent = sendTo(url, { method: "POST", headers });
      sent.flushHeaders();
      // Comes by itself, when the hooks are through.
      await once(sent, "continue");
      sent.end(body);
      const [answer] = (await once(sent, "response")) as [IncomingMessage];
      return textOf(answer);
    };
    expect([await send('{"a":1}'), await send("{")]).toEqual(["true", "error at 1"]);
  });

  test("is Secure by Fastify's own trustProxy", async () => {
    const app = await appOf(fixture(), { trustProxy: "loopback" });
    app.get("/", () => "one");
    const tab = await tabAt(app, true);
    await tab.visit("/");
    expect(tab.cookies()).toMatch(/^__Host-sid=/);
  });

  test("is for whoever registers it and all below, and for nobody beside", async () => {
    const app = closing(fastify());
    app.get("/", (request) => `${"session" in request}`);
    for (const name of ["a", "b"]) {
      await app.register(
        async (child) => {
          await child.register(session, { sessions: storedSessions({ store: memoryStore(), keys, cookie: { name } }) });
          await child.register(async (grandchild) => {
            grandchild.get(
              "/",
              (request) => `${String(request.session.setDefault("name", name))} ${String(ambient["name"])}`,
            );
          });
        },
        { prefix: `/${name}` },
      );
    }
    const tab = await tabAt(app);
    const pages = [await tab.visit("/"), await tab.visit("/a"), await tab.visit("/b"), await tab.visit("/a")];
    expect(pages.map(({ text }) => text)).toEqual(["false", "a a", "b b", "a a"]);
    expect(
      tab
        .cookies()
        ?.split("; ")
        .map((pair) => pair.split("=", 1).join()),
    ).toEqual(["a", "b"]);
  });

  test("cannot be assigned", async () => {
    const tab = await tabOf(fixture(), (request) => {
      expect(() => Object.assign(request, { session: null })).toThrow(expect.objectContaining({ code: "RESERVED" }));
      return "one";
    });
    expect((await tab.visit("/")).status).toBe(200);
  });

  test("may have another beside it, each with its own cookie", async () => {
    const app = await appOf(fixture());
    const stored = storedSessions<Data>({ store: memoryStore(), keys, cookie: { name: "desk" } });
    let saves = 0;
    const desks: SessionInterface<Data> = {
      open: (request) => stored.open(request),
      save: (desk) => (saves++, stored.save(desk)),
    };
    await app.register(async (child) => {
      await child.register(session, { sessions: desks, property: "desk", load: "lazy" });
      child.get("/desk", async (request) => {
        const desk = await (request as unknown as { desk: Promise<Data> }).desk;
        desk["n"] = Number(desk["n"] ?? 10) + 10;
        return `${String(request.session["n"])} ${String(desk["n"])} ${String(ambient["n"])}`;
      });
      child.get("/none", (request) => String(request.session["n"]));
    });
    const tab = await tabAt(app);
    const both = await tab.visit("/desk");
    expect([both.text, both.setCookies.length]).toEqual(["1 20 1", 2]);
    const one = await tab.visit("/none");
    const again = await tab.visit("/desk");
    expect([one.text, again.text, again.setCookies.length]).toEqual(["2", "3 30 3", 0]);
    expect(saves).toBe(2);
  });
});

describe("Fastify's app.register(session)", () => {
  const { visits } = fixture();
  const WRONG: Record<string, [options: unknown, mend: RegExp]> = {
    nothing: [undefined, /nothing for its sessions; .*app\.register\(session, \{ sessions \}\)/],
    "the sessions themselves": [visits, /app\.register\(session, \{ sessions \}\)/],
    "a store": [{ sessions: memoryStore() }, /a store for its sessions; give it what sessions\(\)/],
    "a promise": [{ sessions: Promise.resolve(visits) }, /not awaited/],
    "an unknown option": [{ sessions: visits, proprety: "a" }, /did you mean property/],
    "an unknown load": [{ sessions: visits, load: "late" }, /'eager' or 'lazy'/],
    "a property of every request": [{ sessions: visits, property: "body" }, /'body' already/],
    "no name": [{ sessions: visits, property: "" }, /another property/],
  };

  test.each(Object.entries(WRONG))("rejects %s, and names the mend", async (_name, [options, mend]) => {
    const app = closing(fastify());
    const registering = async () => app.register(session, options as never);
    await expect(registering()).rejects.toMatchObject({ code: "CONFIG", message: expect.stringMatching(mend) });
  });

  test("rejects a second of the same name, also further below", async () => {
    const app = closing(fastify());
    await app.register(session, { sessions: visits });
    const again = async () => app.register(async (child) => child.register(session, { sessions: visits }));
    await expect(again()).rejects.toMatchObject({ code: "CONFIG", message: /register session once/ });
  });

  test("warns of a proxy that is not trusted, and of a response that had begun", async () => {
    const app = await appOf(fixture());
    app.get("/", () => "one");
    const begun = closing(fastify());
    begun.addHook("onRequest", async (_request, reply) => reply.raw.flushHeaders());
    await begun.register(session, { sessions: visits });
    begun.get("/", (request, reply) => (reply.hijack(), reply.raw.end(typeof request.session)));
    for (const [one, code] of [
      [app, "FLAGON_PROXY"],
      [begun, "FLAGON_BEGUN"],
    ] as const) {
      const warned = once(process, "warning");
      await (await tabAt(one, true)).visit("/");
      expect(await warned).toMatchObject([{ code }]);
    }
  });
});
