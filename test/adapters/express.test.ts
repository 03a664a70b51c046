import { once } from "node:events";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { ErrorRequestHandler, Express, RequestHandler } from "express";
import { describe, expect, test } from "vitest";
import { session } from "../../src/adapters/express.ts";
import { session as ambient } from "../../src/core/context.ts";
import { testAdapter } from "../../src/testing/adapter-suite.ts";
import { type Browser, browser } from "../../src/testing/browser.ts";
import { deferred } from "../../src/testing/internal/adapter-stage.ts";
import { closing } from "./closing.ts";
import { type Fixture, brokenFixture, eventsOf, fixture } from "./fixtures.ts";
import { compress } from "./layers.ts";
import { EXPRESS, listen, overExpress } from "./servers.ts";

const FILE = fileURLToPath(import.meta.url);

async function tabAt(app: Express, https = false): Promise<Browser> {
  const served = closing(await listen(app));
  return browser(served.url, { https });
}

const compressing: RequestHandler = (_req, res, next) => {
  compress(res);
  next();
};

const answered: ErrorRequestHandler = (error, _req, res, _next) => {
  res.send(`${(error as { code: string }).code} ${(error as { status: number }).status}`);
};

const end: RequestHandler = (_req, res) => void res.end("one");

const begin: RequestHandler = (_req, res, next) => (res.flushHeaders(), next());

/** The warnings while a server answers one visit. */
async function warningsOf(app: Parameters<typeof listen>[0], https = false): Promise<unknown> {
  const served = closing(await listen(app));
  const warned = once(process, "warning");
  await browser(served.url, { https }).visit("/");
  const [warning] = (await warned) as [{ code: string }];
  return warning.code;
}

describe.each(Object.entries(EXPRESS))("%s adapter", (_version, express) => {
  describe.each(["eager", "lazy"] as const)("%s", (load) => {
    testAdapter({ test, serve: overExpress(express, load), load });
  });

  /** An application whose every request changes its session. */
  function appOf({ visits }: Pick<Fixture, "visits">, ...before: RequestHandler[]): Express {
    const app = express();
    for (const handler of before) app.use(handler);
    app.use(session(visits));
    app.use((req, _res, next) => {
      req.session.update("n", (n) => Number(n ?? 0) + 1);
      next();
    });
    return app;
  }

  describe("a response", () => {
    const ANSWERS: Record<string, RequestHandler> = {
      sendFile: (_req, res) => res.sendFile(FILE),
      "sendFile with a callback": (_req, res) => res.sendFile(FILE, () => undefined),
      download: (_req, res) => res.download(FILE),
      "a piped file": (_req, res) => void createReadStream(FILE).pipe(res),
    };

    test.each(Object.entries(ANSWERS))("has the file and the cookie: %s", async (_name, answer) => {
      for (const layers of [[], [compressing]]) {
        const app = appOf(fixture(), ...layers);
        app.use(answer);
        const { status, body, setCookies } = await (await tabAt(app)).visit("/");
        expect([status, setCookies.length]).toEqual([200, 1]);
        const text = layers.length > 0 ? gunzipSync(body) : Buffer.from(body);
        expect(text.equals(await readFile(FILE))).toBe(true);
      }
    });

    test("carries the cookie with redirect, json, send and sendStatus", async () => {
      const app = appOf(fixture());
      app.get("/redirect", (_req, res) => res.redirect("/json"));
      app.get("/json", (_req, res) => void res.json({ n: 1 }));
      app.get("/send", (_req, res) => void res.cookie("a", "1").send("sent"));
      app.get("/status", (_req, res) => void res.sendStatus(201));
      const { url } = closing(await listen(app));
      const seen: unknown[] = [];
      for (const path of ["/redirect", "/json", "/send", "/status"]) {
        const { status, setCookies } = await browser(url).visit(path);
        seen.push([status, setCookies.length]);
      }
      expect(seen).toEqual([
        [302, 1],
        [200, 1],
        [200, 2],
        [201, 1],
      ]);
    });

    test("keeps Express' own answers to what is fresh, and to a path that is not there", async () => {
      const app = appOf(fixture());
      app.get("/fresh", (_req, res) => void res.set("ETag", '"1"').send("one"));
      const tab = await tabAt(app);
      expect((await tab.visit("/fresh", { headers: { "If-None-Match": '"1"' } })).status).toBe(304);
      expect((await tab.visit("/nowhere")).status).toBe(404);
    });

    test("goes to its own session through a mounted application and a router", async () => {
      const app = appOf(fixture());
      const [inner, router] = [express(), express()];
      router.get("/n", (req, res) => void res.send(String(ambient["n"] === req.session["n"])));
      inner.use("/router", router);
      app.use("/inner", inner);
      const { text, setCookies } = await (await tabAt(app)).visit("/inner/router/n");
      expect([text, setCookies.length]).toEqual(["true", 1]);
    });
  });

  test("holds what is answered outside of the application that uses it", async () => {
    const [outer, inner] = [express(), appOf(fixture())];
    outer.use(inner);
    outer.use((req, res) => void res.send(String(req.session["n"])));
    const { text, setCookies } = await (await tabAt(outer)).visit("/");
    expect([text, setCookies.length]).toEqual(["1", 1]);
  });

  test("leaves applications alone that do not use it", async () => {
    await (await tabAt(appOf(fixture()))).visit("/");
    const app = express();
    app.use((req, res) => {
      expect(req).not.toHaveProperty("session");
      res.set("X-App", "1").write("one");
      expect([res.headersSent, res.writableEnded]).toEqual([true, false]);
      res.end("two");
    });
    const { text, headers } = await (await tabAt(app)).visit("/");
    expect([text, headers["x-app"], headers.vary]).toEqual(["onetwo", "1", undefined]);
  });

  describe("a failure", () => {
    test("of the save goes to the application's error handler, which finds a clean response", async () => {
      const app = appOf(brokenFixture(), (_req, res, next) => {
        res.set("X-Before", "1");
        next();
      });
      app.get(
        "/",
        (_req, res) => void res.set({ ETag: '"1"', Location: "/x" }).cookie("a", "1").status(201).send("one"),
      );
      app.use(answered);
      let page: Awaited<ReturnType<Browser["visit"]>> | undefined;
      const tab = await tabAt(app);
      expect(await eventsOf(async () => (page = await tab.visit("/")))).toEqual(["failed"]);
      expect(page).toMatchObject({ status: 503, text: "STORE 503", setCookies: [] });
      expect(page?.headers).toMatchObject({ "x-before": "1", "cache-control": "no-store", vary: "Cookie" });
      expect(page?.headers["etag"]).not.toBe('"1"');
      expect(page?.headers).not.toHaveProperty("location");
    });

    test("of the save is not saved again by the answer to it", async () => {
      let asked = 0;
      const app = appOf(
        fixture(() => {
          asked++;
          throw new Error("the store is down, on purpose");
        }),
      );
      app.get("/", (_req, res) => void res.send("one"));
      app.use(((_error, req, res, _next) => {
        req.session["more"] = true;
        res.write("sorry, ");
        setImmediate(() => res.end("later"));
      }) satisfies ErrorRequestHandler);
      expect(await (await tabAt(app)).visit("/")).toMatchObject({ status: 503, text: "sorry, later" });
      expect(asked).toBe(1);
    });

    test("of the save keeps what was piped out of the answer to it", async () => {
      const app = appOf(brokenFixture());
      app.get("/", (_req, res) => void Readable.from(["one", "two", "three"]).pipe(res));
      const sorry = Buffer.alloc(2 ** 20, "sorry");
      app.use((async (_error, _req, res, _next) => {
        if (!res.write(sorry)) await once(res, "drain");
        await nextTurn();
        await nextTurn();
        res.end();
      }) satisfies ErrorRequestHandler);
      const { status, body } = await (await tabAt(app)).visit("/");
      expect([status, sorry.equals(body)]).toEqual([503, true]);
    });

    test("to load goes there as well, and to no other handler", async () => {
      let down = false;
      let calls = 0;
      const app = appOf(
        fixture(() => {
          if (down) throw new Error("the store is down, on purpose");
        }),
      );
      app.get("/", (_req, res) => void res.send(String(++calls)));
      app.use(answered);
      const tab = await tabAt(app);
      await tab.visit("/");
      down = true;
      expect(await tab.visit("/")).toMatchObject({ status: 503, text: "STORE 503" });
      expect(calls).toBe(1);
    });

    test("is a status of 500 or more, and not one of less", async () => {
      const app = appOf(fixture());
      app.get("/head/:status", (req, res) => void res.writeHead(Number(req.params.status)).end());
      app.get("/:status", (req, res) => void res.status(Number(req.params.status)).send(String(req.session["n"])));
      const tab = await tabAt(app);
      for (const path of ["/200", "/404", "/500", "/head/503"]) await tab.visit(path);
      expect((await tab.visit("/200")).text).toBe("3");
    });

    test("after the response is held answers no second time", async () => {
      const app = appOf(fixture());
      let second: boolean | undefined;
      app.get("/", (_req, res) => {
        res.send("one");
        throw new Error("on purpose");
      });
      app.use(((_error, _req, res, _next) => {
        second = !res.headersSent;
      }) satisfies ErrorRequestHandler);
      expect(await (await tabAt(app)).visit("/")).toMatchObject({ status: 200, text: "one" });
      expect(second).toBe(false);
    });
  });

  describe("https", () => {
    test("is what Express says it is, by its trust proxy", async () => {
      const app = appOf(fixture());
      app.set("trust proxy", 1);
      app.use((_req, res) => void res.end());
      const tab = await tabAt(app, true);
      await tab.visit("/");
      expect(tab.cookies()).toMatch(/^__Host-sid=/);
    });
  });

  test("keeps two applications of one process apart", async () => {
    const both = deferred();
    let inside = 0;
    const tabs = [fixture(), fixture()].map(async (sessions) => {
      const app = appOf(sessions);
      app.use(async (req, res) => {
        req.session["mine"] = ++inside;
        if (inside === 2) both.resolve();
        await both.promise;
        await nextTurn();
        res.send(String(ambient["mine"] === req.session["mine"]));
      });
      return tabAt(app);
    });
    const pages = await Promise.all(tabs.map(async (tab) => (await tab).visit("/")));
    expect(pages.map(({ text }) => text)).toEqual(["true", "true"]);
  });
});

describe("express adapter", () => {
  const express = EXPRESS["Express 5"] as () => Express;
  test("warns of a proxy that is not trusted, of a second use and of a response that had begun", async () => {
    const { visits } = fixture();
    expect(await warningsOf(express().use(session(visits), end), true)).toBe("FLAGON_PROXY");
    expect(await warningsOf(express().use(session(visits), session(visits), end))).toBe("FLAGON_TWICE");
    expect(await warningsOf(express().use(begin, session(visits), end))).toBe("FLAGON_BEGUN");
  });

  test("serves connect, which has nothing but the request of Node", async () => {
    const middleware = session(fixture().visits);
    const served = await listen((req, res) => {
      middleware(req, res, () => {
        (req as typeof req & { session: Record<string, unknown> }).session["n"] = 1;
        res.end("one");
      });
    });
    closing(served);
    expect((await browser(served.url).visit("/")).setCookies.length).toBe(1);
  });

  test("passes a response of which nobody asked anything at once", async () => {
    const app = express().use(session(fixture().visits));
    let sent = 0;
    app.use((_req, res) => {
      const { socket } = res;
      res.end("one");
      sent = socket?.bytesWritten ?? 0;
    });
    const served = closing(await listen(app));
    await browser(served.url).visit("/");
    expect(sent).toBeGreaterThan(0);
  });
});
