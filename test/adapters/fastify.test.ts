import { once } from "node:events";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { type IncomingMessage, request as sendTo } from "node:http";
import { connect } from "node:http2";
import { Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import fastify, {
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
} from "fastify";
import { afterEach, describe, expect, test } from "vitest";
import { session } from "../../src/adapters/fastify.ts";
import { session as ambient } from "../../src/core/context.ts";
import { type SessionInterface, sessions as storedSessions } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { testAdapter } from "../../src/testing/adapter-suite.ts";
import { type Browser, browser } from "../../src/testing/browser.ts";
import { type Data, type Fixture, brokenFixture, eventsOf, fixture, gatedFixture } from "./fixtures.ts";
import { listenFastify, overFastify } from "./servers.ts";

describe("Fastify adapter", () => {
  describe.each(["eager", "lazy"] as const)("%s", (load) => {
    testAdapter({ test, serve: overFastify(load), load });
  });
});

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

const open: FastifyInstance[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

const FILE = fileURLToPath(import.meta.url);
const keys = { current: "fastify's-own_key-for-tests-only_0123456789" };
const down = () => {
  throw new Error("the store is down, on purpose");
};

/** An application whose every request changes its session. */
async function appOf({ visits }: Pick<Fixture, "visits">, options?: FastifyServerOptions): Promise<FastifyInstance> {
  const app = fastify({ forceCloseConnections: true, ...options }) as unknown as FastifyInstance;
  open.push(app);
  app.addHook("onRequest", async (_request, reply) => {
    reply.header("X-Before", "1").header("Vary", "Origin");
  });
  await app.register(session, { sessions: visits });
  app.addHook("onRequest", async (request) => {
    request.session.update("n", (n) => Number(n ?? 0) + 1);
  });
  return app;
}

async function tabAt(app: FastifyInstance, https = false): Promise<Browser> {
  return browser(await urlOf(app), { https });
}

async function urlOf(app: FastifyInstance): Promise<string> {
  return (await listenFastify(app)).url;
}

async function tabOf(fixed: Pick<Fixture, "visits">, handler: Handler): Promise<Browser> {
  const app = await appOf(fixed);
  app.get("/", handler);
  return tabAt(app);
}

describe("a response of Fastify", () => {
  const ANSWERS: Record<string, Handler> = {
    "a stream": () => createReadStream(FILE),
    "a stream that is sent": (_request, reply) => void reply.send(createReadStream(FILE)),
    "a web stream": () => Readable.toWeb(createReadStream(FILE)),
    "a Response": () => new Response(Readable.toWeb(createReadStream(FILE)) as never),
    "a buffer": () => readFile(FILE),
    "a text that is sent": async (_request, reply) => reply.send(await readFile(FILE)),
    "hijacked, and piped": (_request, reply) => (reply.hijack(), createReadStream(FILE).pipe(reply.raw)),
    "hijacked, and written": async (_request, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, { "Content-Type": "text/plain" }).write("");
      reply.raw.end(await readFile(FILE));
    },
  };

  test.each(Object.entries(ANSWERS))("has the file and the cookie: %s", async (_name, answer) => {
    const { status, body, setCookies } = await (await tabOf(fixture(), answer)).visit("/");
    expect([status, setCookies.length]).toEqual([200, 1]);
    expect(Buffer.from(body).equals(await readFile(FILE))).toBe(true);
  });

  test.each(["a stream", "a web stream", "hijacked, and written"])("waits for the save: %s", async (name) => {
    const { asked, letGo, ...rest } = gatedFixture();
    const answer = (await tabOf(rest, ANSWERS[name] as Handler)).visit("/");
    let arrived = false;
    void answer.then(() => (arrived = true));
    await asked;
    await nextTurn();
    expect(arrived).toBe(false);
    letGo();
    expect((await answer).setCookies.length).toBe(1);
  });

  test("carries the cookie with redirects, the application's own cookies, 404 pages and HEAD", async () => {
    const app = await appOf(fixture());
    app.get("/redirect", (_request, reply) => reply.redirect("/own"));
    app.get("/own", (_request, reply) => reply.header("Set-Cookie", "a=1").header("Set-Cookie", "b=2").send("own"));
    const url = await urlOf(app);
    const seen: unknown[] = [];
    for (const [path, method = "GET"] of [["/redirect"], ["/own"], ["/nowhere"], ["/own", "HEAD"]] as const) {
      const { status, setCookies, headers } = await browser(url).visit(path, { method });
      seen.push([status, setCookies.length, headers.vary]);
    }
    expect(seen).toEqual([
      [302, 1, "Origin, Cookie"],
      [200, 3, "Origin, Cookie"],
      [404, 1, "Origin, Cookie"],
      [200, 3, "Origin, Cookie"],
    ]);
  });

  test("is the same when it is injected", async () => {
    const app = await appOf(fixture());
    app.get("/", (request) => String(request.session["n"]));
    const { cookies, body } = await app.inject("/");
    expect([body, cookies.length]).toEqual(["1", 1]);
    const [cookie] = cookies as [{ name: string; value: string }];
    const again = await app.inject({ url: "/", cookies: { [cookie.name]: cookie.value } });
    expect([again.body, again.cookies.length]).toEqual(["2", 0]);
  });

  test("comes over HTTP/2 as well, and without a warning of Node's", async () => {
    const warnings: unknown[] = [];
    const note = (warning: unknown) => warnings.push(warning);
    process.on("warning", note);
    const app = await appOf(fixture(), { http2: true } as never);
    app.get("/", (request) => `visit ${String(request.session["n"])}`);
    const client = connect(await app.listen({ host: "127.0.0.1", port: 0 }));
    const stream = client.request({ ":path": "/" });
    const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
    expect([headers[":status"], (headers["set-cookie"] as string[]).length]).toEqual([200, 1]);
    expect(await textOf(stream)).toBe("visit 1");
    client.close();
    await nextTurn();
    process.off("warning", note);
    expect(warnings).toEqual([]);
  });
});

describe("a failure, with Fastify,", () => {
  const BODIES: Record<string, Handler> = {
    "a text": () => "one",
    "a stream": () => Readable.from(["one", "two", "three"]),
    "a web stream": () => Readable.toWeb(Readable.from(["one", "two", "three"].map((word) => Buffer.from(word)))),
  };

  test.each(Object.entries(BODIES))(
    "to save goes to the error handler, which finds a clean reply: %s",
    async (_n, body) => {
      const app = await appOf(brokenFixture());
      app.setErrorHandler(async (error: Error & { code?: string }, _request, reply) => {
        await nextTurn();
        await nextTurn();
        return reply.send(`${error.code} ${reply.statusCode}`);
      });
      app.get("/", (request, reply) => {
        reply.headers({ ETag: '"1"', Location: "/x", "Set-Cookie": "a=1", "Cache-Control": "public" }).code(201);
        return body(request, reply);
      });
      let page: Awaited<ReturnType<Browser["visit"]>> | undefined;
      const tab = await tabAt(app);
      expect(await eventsOf(async () => (page = await tab.visit("/")))).toEqual(["failed"]);
      expect(page).toMatchObject({ status: 503, text: "STORE 503", setCookies: [] });
      expect(page?.headers).toMatchObject({ "x-before": "1", "cache-control": "no-store", vary: "Origin, Cookie" });
      for (const field of ["etag", "location"]) expect(page?.headers).not.toHaveProperty(field);
    },
  );

  test("to save is answered by Fastify itself where nobody else does, and saved no second time", async () => {
    let asked = 0;
    const tab = await tabOf(
      fixture(() => (asked++, down())),
      () => "one",
    );
    const { status, text, headers } = await tab.visit("/");
    expect([status, headers["retry-after"]]).toEqual([503, "1"]);
    expect(JSON.parse(text)).toMatchObject({ statusCode: 503, code: "STORE", error: "Service Unavailable" });
    expect(asked).toBe(1);
  });

  test("to save is a plain answer after hijack, and is logged", async () => {
    const lines: string[] = [];
    const logger = { stream: { write: (line: string) => void lines.push(line) }, level: "error" };
    const app = await appOf(brokenFixture(), { logger });
    app.get("/", (_request, reply) => (reply.hijack(), reply.raw.end("one")));
    const page = await (await tabAt(app)).visit("/");
    expect(page).toMatchObject({ status: 503, text: "Service Unavailable", setCookies: [] });
    expect(lines.map((line) => (JSON.parse(line) as { err: { code: string } }).err.code)).toEqual(["STORE"]);
  });

  test("to load goes to the error handler as well, and to no other", async () => {
    let isDown = false;
    let calls = 0;
    const app = await appOf(fixture(() => isDown && down()));
    app.get("/", () => String(++calls));
    app.setErrorHandler((error: Error & { code?: string }, request, reply) => {
      void reply.send(`${error.code} ${typeof request.session}`);
    });
    const tab = await tabAt(app);
    await tab.visit("/");
    isDown = true;
    const { status, text, headers } = await tab.visit("/");
    expect([status, text, headers["x-before"], headers.vary]).toEqual([503, "STORE undefined", "1", "Origin, Cookie"]);
    expect(calls).toBe(1);
  });

  test("that is thrown counts as one, unless it becomes a 4xx", async () => {
    const app = await appOf(fixture());
    const throwing = (status: number) => () => {
      throw Object.assign(new Error("on purpose"), { statusCode: status });
    };
    app.get("/n", (request) => String(request.session["n"]));
    for (const status of [404, 422, 500, 503]) app.get(`/${status}`, throwing(status));
    await app.register(async (child) => {
      child.setErrorHandler((_error, _request, reply) => reply.code(200).send("all is well"));
      child.get("/hidden", throwing(500));
    });
    const tab = await tabAt(app);
    const statuses: number[] = [];
    for (const path of ["/n", "/404", "/422", "/500", "/503", "/hidden"]) statuses.push((await tab.visit(path)).status);
    expect(statuses).toEqual([200, 404, 422, 500, 503, 200]);
    expect((await tab.visit("/n")).text).toBe("4");
  });

  test("that is a status and was not thrown is an answer", async () => {
    const app = await appOf(fixture());
    app.get("/", (request, reply) => reply.code(503).send(String(request.session["n"])));
    const tab = await tabAt(app);
    expect([(await tab.visit("/")).text, (await tab.visit("/")).text]).toEqual(["1", "2"]);
  });

  test("after the reply was sent answers no second time", async () => {
    const tab = await tabOf(fixture(), (_request, reply) => {
      void reply.send("one");
      throw new Error("on purpose");
    });
    expect(await tab.visit("/")).toMatchObject({ status: 200, text: "one" });
  });

  test("of what is no error does not tell what it was", async () => {
    const { visits } = fixture();
    // oxlint-disable-next-line prefer-promise-reject-errors -- on purpose
    const odd: SessionInterface<Data> = {
      open: (request) => visits.open(request),
      save: () => Promise.reject("a secret"),
    };
    const { status, text } = await (await tabOf({ visits: odd }, () => "one")).visit("/");
    expect([status, text.includes("secret")]).toEqual([500, false]);
  });
});

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
    const app = fastify();
    open.push(app);
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

  test("has its cookie not set when the session beside it cannot be saved", async () => {
    const app = await appOf(fixture());
    await app.register(session, { sessions: brokenFixture().visits, property: "desk" });
    app.get("/", (request) => ((request as unknown as { desk: Data }).desk["n"] = "one"));
    expect(await (await tabAt(app)).visit("/")).toMatchObject({ status: 503, setCookies: [] });
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
    const app = fastify();
    open.push(app);
    const registering = async () => app.register(session, options as never);
    await expect(registering()).rejects.toMatchObject({ code: "CONFIG", message: expect.stringMatching(mend) });
  });

  test("rejects a second of the same name, also further below", async () => {
    const app = fastify();
    open.push(app);
    await app.register(session, { sessions: visits });
    const again = async () => app.register(async (child) => child.register(session, { sessions: visits }));
    await expect(again()).rejects.toMatchObject({ code: "CONFIG", message: /register session once/ });
  });

  test("warns of a proxy that is not trusted, and of a response that had begun", async () => {
    const app = await appOf(fixture());
    app.get("/", () => "one");
    const begun = fastify();
    open.push(begun);
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
