import { once } from "node:events";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type Koa from "koa";
import type { Context, Middleware } from "koa";
import { describe, expect, test } from "vitest";
import { session } from "../../src/adapters/koa.ts";
import { session as ambient } from "../../src/core/context.ts";
import { testAdapter } from "../../src/testing/adapter-suite.ts";
import { type Browser, browser } from "../../src/testing/browser.ts";
import { deferred } from "../../src/testing/internal/adapter-stage.ts";
import { CLEAN, leftOf } from "./clean-refusal.ts";
import { closing } from "./closing.ts";
import { type Fixture, brokenFixture, fixture, gatedFixture } from "./fixtures.ts";
import { compress } from "./layers.ts";
import { KOA, listenKoa, overKoa } from "./servers.ts";

const FILE = fileURLToPath(import.meta.url);
const down = () => {
  throw new Error("the store is down, on purpose");
};

async function tabAt(app: Koa, https = false): Promise<Browser> {
  app.silent = true;
  const served = closing(await listenKoa(app));
  return browser(served.url, { https });
}

/** What the middleware in front of a session would tell visitors of an error. */
const answering: Middleware = async (ctx, next) => {
  try {
    await next();
  } catch (error) {
    ctx.body = `${(error as { code: string }).code} ${ctx.status}`;
  }
};

describe.each(Object.entries(KOA))("%s adapter", (_version, koa) => {
  describe.each(["eager", "lazy"] as const)("%s", (load) => {
    testAdapter({ test, serve: overKoa(koa, load), load });
  });

  /** An application whose every request changes its session. */
  function appOf({ visits }: Pick<Fixture, "visits">, ...before: Middleware[]): Koa {
    const app = koa();
    for (const middleware of before) app.use(middleware);
    app.use(session(visits));
    app.use((ctx, next) => {
      ctx.session.update("n", (n) => Number(n ?? 0) + 1);
      return next();
    });
    return app;
  }

  describe("a response", () => {
    const raw = (ctx: Context) => {
      ctx.respond = false;
      return ctx.res;
    };
    const ANSWERS: Record<string, (ctx: Context) => unknown> = {
      "a stream": (ctx) => (ctx.body = createReadStream(FILE)),
      "a buffer": async (ctx) => (ctx.body = await readFile(FILE)),
      "without Koa, piped": (ctx) => createReadStream(FILE).pipe(raw(ctx).writeHead(200)),
      "without Koa, after the middleware": (ctx) => {
        const res = raw(ctx);
        void readFile(FILE).then((file) => res.writeHead(200).end(file));
      },
    };

    test.each(Object.entries(ANSWERS))("has the file and the cookie: %s", async (_name, answer) => {
      for (const layers of [[], [(ctx: Context, next: Koa.Next) => (compress(ctx.res), next())]]) {
        const app = appOf(fixture(), ...layers).use(async (ctx) => void (await answer(ctx)));
        const { status, body, setCookies } = await (await tabAt(app)).visit("/");
        expect([status, setCookies.length]).toEqual([200, 1]);
        const text = layers.length > 0 ? gunzipSync(body) : Buffer.from(body);
        expect(text.equals(await readFile(FILE))).toBe(true);
      }
    });

    test.each(Object.keys(ANSWERS))("waits for the save: %s", async (name) => {
      const { asked, letGo, ...rest } = gatedFixture();
      const app = appOf(rest).use(async (ctx) => void (await ANSWERS[name]?.(ctx)));
      const answer = (await tabAt(app)).visit("/");
      let arrived = false;
      void answer.then(() => (arrived = true));
      await asked;
      await nextTurn();
      expect(arrived).toBe(false);
      letGo();
      expect((await answer).setCookies.length).toBe(1);
    });

    test("carries the cookie beside the application's own, with redirects, 404 pages and HEAD", async () => {
      const outside: Middleware = async (ctx, next) => {
        await next();
        ctx.cookies.set("outside", "1");
      };
      const app = appOf(fixture(), outside).use((ctx) => {
        ctx.cookies.set("inside", "1");
        if (ctx.path === "/redirect") ctx.redirect("/");
        if (ctx.path === "/") ctx.body = "one";
      });
      const seen: unknown[] = [];
      for (const [path, method = "GET"] of [["/"], ["/redirect"], ["/nowhere"], ["/", "HEAD"]] as const) {
        const { status, setCookies } = await (await tabAt(app)).visit(path, { method });
        seen.push([status, setCookies.map((line) => line.split("=", 1).join()).toSorted()]);
      }
      const names = ["inside", "outside", "sid"];
      expect(seen).toEqual([
        [200, names],
        [302, names],
        [404, names],
        [200, names],
      ]);
    });

    test("keeps the cookie of a session that was saved when the middleware in front throws after that", async () => {
      const throwing: Middleware = async (ctx, next) => {
        await next();
        if (ctx.path === "/throw") throw new Error("on purpose");
      };
      const tab = await tabAt(appOf(fixture(), throwing).use((ctx) => (ctx.body = String(ctx.session["n"]))));
      const { status, setCookies } = await tab.visit("/throw");
      expect([status, setCookies.length]).toEqual([500, 1]);
      expect((await tab.visit("/")).text).toBe("2");
    });
  });

  describe("a failure", () => {
    const BODIES: Record<string, (ctx: Context) => unknown> = {
      "a text": (ctx) => (ctx.body = "one"),
      "a stream": (ctx) => (ctx.body = Readable.from(["one", "two"])),
      JSON: (ctx) => (ctx.body = { one: 1 }),
    };

    test.each(Object.entries(BODIES))(
      "to save goes to the middleware in front, with a clean context: %s",
      async (_n, fill) => {
        const before: Middleware = (ctx, next) => (ctx.set("X-Before", "1"), next());
        const app = appOf(brokenFixture(), before, answering).use((ctx) => {
          ctx.set({ ETag: '"1"', Location: "/x", "Cache-Control": "public" });
          ctx.cookies.set("a", "1");
          ctx.status = 201;
          fill(ctx);
        });
        expect(await leftOf(await tabAt(app))).toEqual({ ...CLEAN, vary: "Cookie" });
      },
    );

    test("to save is answered by Koa where nobody else does, told of, and saved no second time", async () => {
      let asked = 0;
      const told: unknown[] = [];
      const app = appOf(fixture(() => (asked++, down()))).use((ctx) => (ctx.body = "one"));
      app.on("error", (error) => told.push(error));
      const { status, text, headers, setCookies } = await (await tabAt(app)).visit("/");
      expect([status, text, headers["retry-after"], setCookies]).toEqual([503, "Service Unavailable", "1", []]);
      expect(told).toEqual([expect.objectContaining({ code: "STORE" })]);
      expect(asked).toBe(1);
    });

    test("to save what leaves without Koa is answered by Koa all the same", async () => {
      const app = appOf(brokenFixture()).use((ctx) => {
        ctx.respond = false;
        ctx.res.setHeader("Location", "/x");
        ctx.res.writeHead(200);
        ctx.res.end("one");
      });
      const { status, text, headers } = await (await tabAt(app)).visit("/");
      expect([status, text, headers["cache-control"], headers.location]).toEqual([
        503,
        "Service Unavailable",
        "no-store",
        undefined,
      ]);
    });

    test("to save leaves nothing of the page to a middleware in front that swallows it", async () => {
      const swallowing: Middleware = (_ctx, next) => next().catch(() => undefined);
      const app = appOf(brokenFixture(), swallowing).use((ctx) => (ctx.body = "private"));
      expect(await (await tabAt(app)).visit("/")).toMatchObject({ status: 503, text: "" });
    });

    test("to load goes there as well, and to no other middleware", async () => {
      let isDown = false;
      let calls = 0;
      const app = appOf(
        fixture(() => isDown && down()),
        answering,
      ).use((ctx) => (ctx.body = String(++calls)));
      const tab = await tabAt(app);
      await tab.visit("/");
      isDown = true;
      expect(await tab.visit("/")).toMatchObject({ status: 503, text: "STORE 503" });
      expect(calls).toBe(1);
    });

    test("that is thrown counts as one, unless it becomes a 4xx", async () => {
      const hiding: Middleware = async (ctx, next) => {
        await next().catch((error: unknown) => {
          if (ctx.path !== "/hidden") throw error;
          ctx.status = 200;
        });
      };
      const app = appOf(fixture(), hiding).use((ctx) => {
        if (ctx.path === "/n") ctx.body = String(ctx.session["n"]);
        else ctx.throw(ctx.path === "/hidden" ? 500 : Number(ctx.path.slice(1)));
      });
      const tab = await tabAt(app);
      const statuses: number[] = [];
      for (const path of ["/n", "/404", "/422", "/500", "/503", "/hidden"])
        statuses.push((await tab.visit(path)).status);
      expect(statuses).toEqual([200, 404, 422, 500, 503, 200]);
      expect((await tab.visit("/n")).text).toBe("4");
    });
  });

  describe("ctx.session", () => {
    test("cannot be assigned", async () => {
      const app = appOf(fixture()).use((ctx) => {
        expect(() => Object.assign(ctx, { session: null })).toThrow(expect.objectContaining({ code: "RESERVED" }));
        ctx.body = Object.keys(ctx).join();
      });
      const { status, text } = await (await tabAt(app)).visit("/");
      expect([status, text.split(",").includes("session")]).toEqual([200, false]);
    });

    test("is Secure by Koa's own app.proxy", async () => {
      const app = appOf(fixture()).use((ctx) => (ctx.body = "one"));
      app.proxy = true;
      const tab = await tabAt(app, true);
      await tab.visit("/");
      expect(tab.cookies()).toMatch(/^__Host-sid=/);
    });

    test("is the right one in two applications of one process at once", async () => {
      const both = deferred();
      let inside = 0;
      const tabs = [fixture(), fixture()].map((one) => {
        const app = appOf(one).use(async (ctx) => {
          ctx.session["mine"] = ++inside;
          if (inside === 2) both.resolve();
          await both.promise;
          ctx.body = String(ambient["mine"] === ctx.session["mine"]);
        });
        return tabAt(app);
      });
      const pages = await Promise.all(tabs.map(async (tab) => (await tab).visit("/")));
      expect(pages.map(({ text }) => text)).toEqual(["true", "true"]);
    });

    test("may change after the middleware is through, where Koa does not answer", async () => {
      const app = appOf(fixture()).use((ctx) => {
        if (ctx.path === "/n") {
          ctx.body = String(ctx.session["n"]);
          return;
        }
        ctx.respond = false;
        setImmediate(() => {
          ctx.session["n"] = 10;
          ctx.res.end();
        });
      });
      const tab = await tabAt(app);
      await tab.visit("/");
      expect((await tab.visit("/n")).text).toBe("11");
    });

    test("is saved once for a page, and once more with the end of a stream", async () => {
      const { visits, store } = fixture();
      let saves = 0;
      const counted: Fixture["visits"] = {
        open: (request) => visits.open(request),
        save: (current) => (saves++, visits.save(current)),
      };
      const app = appOf({ visits: counted }).use((ctx) => {
        ctx.body = ctx.path === "/stream" ? Readable.from(["one", "two"]) : "one";
      });
      const tab = await tabAt(app);
      await tab.visit("/");
      expect([saves, store.take().create]).toEqual([1, 1]);
      await tab.visit("/stream");
      expect([saves, store.take().update]).toEqual([3, 1]);
    });
  });
});

describe("koa adapter", () => {
  const koa = KOA["Koa 3"] as () => Koa;

  test("warns of a proxy that is not trusted, of a second use and of a response that had begun", async () => {
    const { visits } = fixture();
    const begin: Middleware = (ctx, next) => (ctx.res.flushHeaders(), next());
    const end: Middleware = (ctx) => void (ctx.body = "one");
    for (const [before, code] of [
      [[], "FLAGON_PROXY"],
      [[session(visits)], "FLAGON_TWICE"],
      [[begin], "FLAGON_BEGUN"],
    ] as const) {
      const app = koa();
      for (const middleware of [...before, session(visits), end]) app.use(middleware as Middleware);
      const tab = await tabAt(app, code === "FLAGON_PROXY");
      const warned = once(process, "warning");
      expect((await tab.visit("/")).text).toBe("one");
      expect(await warned).toMatchObject([{ code }]);
    }
  });
});
