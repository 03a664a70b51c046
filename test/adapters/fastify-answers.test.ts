/** What Fastify sends, and what it answers where something failed. */
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { connect } from "node:http2";
import { Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { SessionInterface } from "../../src/index.ts";
import { browser } from "../../src/testing/browser.ts";
import { CLEAN, leftOf } from "./clean-refusal.ts";
import { type Handler, appOf, tabAt, tabOf, urlOf } from "./fastify-app.ts";
import { type Data, brokenFixture, fixture, gatedFixture } from "./fixtures.ts";

const FILE = fileURLToPath(import.meta.url);
const down = () => {
  throw new Error("the store is down, on purpose");
};

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
      expect(await leftOf(await tabAt(app))).toEqual({ ...CLEAN, vary: "Origin, Cookie" });
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
