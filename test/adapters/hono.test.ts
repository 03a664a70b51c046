import { type Context, Hono, type MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { stream, streamSSE } from "hono/streaming";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type HonoOptions, type SessionVariables, session } from "../../src/adapters/hono.ts";
import { session as ambient } from "../../src/core/context.ts";
import { cookieSessions } from "../../src/index.ts";
import { testAdapter } from "../../src/testing/adapter-suite.ts";
import { browser } from "../../src/testing/browser.ts";
import { deferred } from "../../src/testing/internal/adapter-stage.ts";
import { closing } from "./closing.ts";
import { type Data, type Fixture, type Visit, brokenFixture, eventsOf, fixture, warningOf } from "./fixtures.ts";
import { OUTAGE, answersToOutage, secureCookies, visitor } from "./web-cases.ts";
import { listenWeb, overHono } from "./web-servers.ts";

for (const load of ["lazy", "eager"] as const) {
  describe(`Hono adapter, ${load}`, () => {
    testAdapter({ test, serve: overHono(load), load });
  });
}

type Env = { Variables: SessionVariables<Data> };
type App = Hono<Env>;

afterEach(() => {
  vi.restoreAllMocks();
});

/** An application whose `/who` tells the user, and whose other pages are as given. */
function appOf(
  { visits }: Pick<Fixture, "visits">,
  pages: Record<string, (c: Context<Env>) => Response | Promise<Response>> = {},
  ...before: MiddlewareHandler[]
): App {
  const app = new Hono<Env>();
  for (const middleware of before) app.use(middleware);
  app.use(session(visits));
  app.get("/who", async (c) => c.text(String((await c.var.session())["user"])));
  app.get("/login", async (c) => {
    (await c.var.session())["user"] = "ada";
    return c.text("hello");
  });
  for (const [path, handler] of Object.entries(pages)) app.get(path, handler);
  return app;
}

async function begin(c: Context<Env>): Promise<void> {
  (await c.var.session())["user"] = "eve";
}

/** What the store knows of a user, after a page that was to make it eve. */
async function userAfter(page: (c: Context<Env>) => Response | Promise<Response>, prepare?: (app: App) => void) {
  vi.spyOn(console, "error").mockReturnValue();
  const app = appOf(fixture(), { "/page": page });
  prepare?.(app);
  const visit = visitor(app);
  await visit("/login");
  const { status } = await visit("/page");
  return [status, await (await visit("/who")).text()];
}

describe("an error", () => {
  test("that Hono answers with 500 saves nothing", async () => {
    const page = async (c: Context<Env>) => {
      await begin(c);
      throw new Error("on purpose");
    };
    expect(await userAfter(page)).toEqual([500, "ada"]);
    const told = async (c: Context<Env>) => {
      await begin(c);
      throw new HTTPException(502);
    };
    expect(await userAfter(told)).toEqual([502, "ada"]);
  });

  test("that is an answer on purpose is saved", async () => {
    const page = async (c: Context<Env>) => {
      await begin(c);
      throw new HTTPException(401, { message: "who are you?" });
    };
    expect(await userAfter(page)).toEqual([401, "eve"]);
    const mapped = async (c: Context<Env>) => {
      await begin(c);
      throw new TypeError("wrong input");
    };
    expect(await userAfter(mapped, (app) => app.onError((_error, c) => c.text("no", 422)))).toEqual([422, "eve"]);
  });

  test("of a part of the application is that part's own", async () => {
    const part = new Hono<Env>()
      .get("/", async (c) => {
        await begin(c);
        throw new Error("on purpose");
      })
      .onError((_error, c) => c.text("mine", 503));
    const { visits } = fixture();
    const visit = visitor(appOf({ visits }).route("/part", part));
    await visit("/login");
    expect([(await visit("/part")).status, await (await visit("/who")).text()]).toEqual([503, "ada"]);
  });

  test("that is no Error is the host's, and saves nothing but the end of a session", async () => {
    const { visits, store } = fixture();
    const failing = (change: (current: Visit) => unknown) => async (c: Context<Env>) => {
      change(await c.var.session());
      // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- as some do
      throw "on purpose";
    };
    const pages = {
      "/begin": failing((current) => (current["user"] = "eve")),
      "/end": failing((current) => current.destroy()),
    };
    const visit = visitor(appOf({ visits }, pages));
    await visit("/login");
    store.take();
    for (const path of ["/begin", "/end"]) await expect(visit(path)).rejects.toBe("on purpose");
    expect(store.take()).toEqual({ create: 0, read: 2, update: 0, delete: 1 });
  });

  test("is Hono's own where a handler forgot its response, and nothing is saved", async () => {
    expect(await userAfter(async (c) => (await begin(c), undefined as never))).toEqual([500, "ada"]);
  });
});

describe("a session that cannot be saved", () => {
  const pages = {
    "/page": async (c: Context<Env>) => {
      await begin(c);
      c.header("Set-Cookie", "a=1");
      c.header("X-Page", "1");
      return c.text("saved", 200, { "Cache-Control": "public, max-age=60" });
    },
  };
  const visited = { headers: { Origin: "https://elsewhere.test" } };

  test("is answered by Hono with its status, and with the headers of whoever came before", async () => {
    const cached: MiddlewareHandler = async (c, next) => (c.header("Cache-Control", "public"), next());
    const { status, headers } = await appOf(brokenFixture(), pages, cors(), cached).request("/page", visited);
    expect([status, headers.get("retry-after"), headers.get("cache-control")]).toEqual([503, "1", "no-store"]);
    expect([headers.get("access-control-allow-origin"), headers.get("vary")]).toEqual(["*", "Cookie"]);
    expect([headers.getSetCookie(), headers.get("x-page")]).toEqual([[], null]);
  });

  test("is told to the application's own handler of errors", async () => {
    const seen: unknown[] = [];
    for (const own of [(c: Context) => c.text("sorry", 503), () => new Response("sorry", { status: 503 })]) {
      const app = appOf(brokenFixture(), pages, cors()).onError((error, c) => (seen.push(error), own(c)));
      let answer: Response | undefined;
      expect(await eventsOf(async () => (answer = await app.request("/page", visited)))).toEqual(["failed"]);
      expect([answer?.status, await answer?.text(), answer?.headers.getSetCookie()]).toEqual([503, "sorry", []]);
      expect([answer?.headers.get("cache-control"), answer?.headers.get("x-page")]).toEqual(["no-store", null]);
      expect(answer?.headers.get("access-control-allow-origin")).toBe("*");
    }
    expect(seen).toEqual(Array(2).fill(expect.objectContaining({ code: "STORE", status: 503 })));
  });

  test("has its body cancelled", async () => {
    const cancelled = deferred();
    const app = appOf(brokenFixture(), {
      "/page": async (c) => (await begin(c), c.body(new ReadableStream({ cancel: cancelled.resolve }))),
    });
    expect((await app.request("/page")).status).toBe(503);
    await cancelled.promise;
  });
});

test("a session that cannot be loaded is an error of the handler that asks, or of all where it is eager", async () => {
  const down = fixture(() => {
    throw new Error("the store is down, on purpose");
  });
  const up = fixture();
  const login = await appOf(up).request("/login");
  const lazy = appOf(down, { "/plain": (c) => c.text("plain") });
  const eager = new Hono().use(session(down.visits, { load: "eager" })).get("/plain", (c) => c.text("plain"));
  expect(await answersToOutage(login, lazy, eager)).toEqual(OUTAGE);
});

describe("a response", () => {
  const cookies = async (page: (c: Context<Env>) => Response) => {
    const app = appOf(fixture(), { "/page": async (c) => (await begin(c), page(c)) });
    const response = await app.request("/page");
    return [response.status, response.headers.getSetCookie().map((line) => line.split("=", 1).join())];
  };

  test("carries the cookie, whatever made it", async () => {
    expect(await cookies((c) => c.body(null, 304))).toEqual([304, ["sid"]]);
    expect(await cookies((c) => c.redirect("/", 303))).toEqual([303, ["sid"]]);
    expect(await cookies(() => Response.redirect("http://example.test/", 307))).toEqual([307, ["sid"]]);
    expect(await cookies((c) => c.json({ a: 1 }, 201))).toEqual([201, ["sid"]]);
    expect(await cookies((c) => (c.header("Set-Cookie", "a=1"), c.text("")))).toEqual([200, ["a", "sid"]]);
  });

  test("carries it where nothing was found, and where a middleware answered", async () => {
    const { visits } = fixture();
    const app = new Hono().use(session(visits)).use(async (c, next) => {
      (await c.var.session())["user"] = "ada";
      if (c.req.path === "/early") return c.text("early");
      return next();
    });
    for (const [path, status] of [
      ["/early", 200],
      ["/nowhere", 404],
    ] as const) {
      const answer = await app.request(path);
      expect([answer.status, answer.headers.getSetCookie().length]).toEqual([status, 1]);
    }
  });

  test("is Hono's own when nobody asked for the session", async () => {
    const plain = new Response("plain");
    expect(await appOf(fixture(), { "/plain": () => plain }).request("/plain")).toBe(plain);
  });
});

describe("a stream", () => {
  test.each(["stream", "streamSSE"])("of %s sends its headers first, and keeps what changes in it", async (kind) => {
    const [headersLeft, goOn] = [deferred(), deferred()];
    const produce = async (c: Context<Env>, write: () => Promise<unknown>) => {
      const current = await c.var.session();
      await write();
      headersLeft.resolve();
      await goOn.promise;
      current["user"] = "eve";
    };
    const app = appOf(fixture(), {
      "/stream": async (c) => {
        await c.var.session();
        return kind === "stream"
          ? stream(c, (to) => produce(c, () => to.write("one")))
          : streamSSE(c, (to) => produce(c, () => to.writeSSE({ data: "one" })));
      },
    });
    const served = closing(await listenWeb(app));
    const tab = browser(served.url);
    await tab.visit("/login");
    const streaming = tab.visit("/stream");
    await headersLeft.promise;
    expect((await tab.visit("/who")).text).toBe("ada");
    goOn.resolve();
    expect((await streaming).text).toContain("one");
    expect((await tab.visit("/who")).text).toBe("eve");
  });

  test("that its visitor leaves keeps what changed until then", async () => {
    const left = deferred();
    const saved = deferred();
    const { visits } = fixture((verb) => verb === "update" && saved.resolve());
    const app = appOf(
      { visits },
      {
        "/stream": async (c) => {
          const current = await c.var.session();
          return stream(c, async (to) => {
            to.onAbort(() => {
              current["user"] = "eve";
              left.resolve();
            });
            await to.write("one");
            await left.promise;
          });
        },
      },
    );
    const served = closing(await listenWeb(app));
    const tab = browser(served.url);
    await tab.visit("/login");
    const leaving = new AbortController();
    const headers = { cookie: tab.cookies() ?? "" };
    const { body } = await fetch(`${served.url}/stream`, { headers, signal: leaving.signal });
    await body?.getReader().read();
    leaving.abort();
    await Promise.all([left.promise, saved.promise]);
    expect((await tab.visit("/who")).text).toBe("eve");
  });

  test("cannot set a cookie any more, which is told", async () => {
    const visits = cookieSessions<Data>({ keys: { current: "adapters-own_key-for-tests-only_0123456789" } });
    const app = appOf(
      { visits },
      {
        "/stream": async (c) => {
          const current = await c.var.session();
          return stream(c, async (to) => {
            await to.write("one");
            current["user"] = "eve";
          });
        },
      },
    );
    const read = async () => (await app.request("/stream")).text();
    expect(await eventsOf(read)).toEqual(["late"]);
  });
});

describe("mounted", () => {
  test("twice, it does nothing the second time and says so", async () => {
    const { visits, store } = fixture();
    const warned = warningOf("FLAGON_TWICE");
    const part = new Hono<Env>().use(session(visits)).get("/", async (c) => (await begin(c), c.text("part")));
    const answer = await new Hono().use(session(visits)).route("/part", part).request("/part");
    expect(answer.headers.getSetCookie().length).toBe(1);
    expect(store.take()).toEqual({ create: 1, read: 0, update: 0, delete: 0 });
    expect(await warned).toContain("app.use it once");
  });

  test("behind a proxy that is not trusted, it says so; behind a trusted one its cookie is secure", async () => {
    const warned = warningOf("FLAGON_PROXY");
    const login = (options: HonoOptions<"lazy">, url: string, init: RequestInit) => {
      const app = new Hono<Env>().use(session(fixture().visits, options));
      return app.get("/login", async (c) => (await begin(c), c.text(""))).request(url, init);
    };
    expect(await secureCookies(login)).toEqual([false, true, true]);
    expect(await warned).toContain("trustProxy: true");
  });
});

test("an eager session is looked at by whoever takes it, and not by whoever takes another variable", async () => {
  const [{ visits }, staff] = [fixture(), fixture()];
  const app = new Hono<{ Variables: { other: string } }>().use(async (c, next) => {
    c.set("other", "else");
    await next();
  });
  const whole = app
    .use(session(visits, { load: "eager" }))
    .use(session(staff.visits, { load: "eager", property: "staff" }))
    .get("/other", (c) => c.text(c.var.other + c.get("other")))
    .get("/var", (c) => c.text(String(c.var.session["user"])))
    .get("/get", (c) => c.text(String(c.get("session").get("user", "nobody"))))
    .get("/beside", (c) => c.text(`${c.get("staff") === c.var.staff} ${Object.is(c.var.staff, c.var.session)}`))
    .get("/names", (c) => c.text(Object.keys(c.var).join(" ")));
  const answers = ["/other", "/var", "/get", "/beside", "/names"].map(async (path) => {
    const answer = await whole.request(path);
    return [await answer.text(), answer.headers.get("vary")];
  });
  expect(await Promise.all(answers)).toEqual([
    ["elseelse", null],
    ["undefined", "Cookie"],
    ["nobody", "Cookie"],
    ["true false", "Cookie"],
    ["other session staff", null],
  ]);
});

test("the ambient session is there once the handler's own was awaited", async () => {
  const app = appOf(fixture(), {
    "/": async (c) => {
      expect(() => ambient["user"]).toThrow(expect.objectContaining({ code: "CONTEXT" }));
      await begin(c);
      return c.text(String(ambient["user"]));
    },
  });
  expect(await (await app.request("/")).text()).toBe("eve");
});
