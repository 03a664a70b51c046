import { Readable } from "node:stream";
import {
  type EventHandler,
  H3,
  type H3Config,
  type H3Event,
  HTTPError,
  HTTPResponse,
  fromNodeHandler,
  iterable,
  redirect,
  serve,
  toNodeHandler,
} from "h3";
import { describe, expect, test } from "vitest";
import { type H3Options, session } from "../../src/adapters/h3.ts";
import { session as ambient } from "../../src/core/context.ts";
import { type Session, cookieSessions } from "../../src/index.ts";
import { testAdapter } from "../../src/testing/adapter-suite.ts";
import { browser } from "../../src/testing/browser.ts";
import { deferred } from "../../src/testing/internal/adapter-stage.ts";
import { closing } from "./closing.ts";
import { type Data, type Fixture, brokenFixture, eventsOf, fixture, warningOf } from "./fixtures.ts";
import { listen } from "./servers.ts";
import { OUTAGE, answersToOutage, secureCookies, visitor } from "./web-cases.ts";
import { overH3 } from "./web-servers.ts";

for (const load of ["lazy", "eager"] as const) {
  describe(`h3 adapter, ${load}`, () => {
    testAdapter({ test, serve: overH3(load), load });
  });
}

interface Setting extends H3Options {
  config?: H3Config;
}

/** An application whose `/who` tells the user, and whose other pages are as given. */
function appOf(
  { visits }: Pick<Fixture, "visits">,
  pages: Record<string, EventHandler> = {},
  { config, ...options }: Setting = {},
): H3 {
  const app = new H3({ silent: true, ...config }).use(session(visits, options));
  app.get("/who", async (event) => String((await event.context.session())["user"]));
  app.get("/login", async (event) => void (await begin(event, "ada")));
  for (const [path, handler] of Object.entries(pages)) app.get(path, handler);
  return app;
}

async function begin(event: H3Event, user = "eve"): Promise<Session> {
  const current = await event.context.session();
  current["user"] = user;
  return current;
}

/** What the store knows of a user, after a page that was to make it eve. */
async function userAfter(page: EventHandler, config?: H3Config): Promise<unknown[]> {
  const visit = visitor(appOf(fixture(), { "/page": page }, config ? { config } : {}));
  await visit("/login");
  const { status } = await visit("/page");
  return [status, await (await visit("/who")).text()];
}

describe("an error", () => {
  test.each([
    ["an Error", new Error("on purpose"), 500],
    ["one of 502", new HTTPError({ status: 502 }), 502],
    ["a number", 503, 503],
    ["a text", "on purpose", 500],
  ])("that is %s saves nothing", async (_name, thrown: unknown, status) => {
    const page: EventHandler = async (event) => {
      await begin(event);
      throw thrown;
    };
    expect(await userAfter(page)).toEqual([status, "ada"]);
  });

  test("of less than 500 is an answer, and is saved", async () => {
    const page: EventHandler = async (event) => {
      await begin(event);
      throw new HTTPError({ status: 401 });
    };
    expect(await userAfter(page)).toEqual([401, "eve"]);
    const numbered: EventHandler = async (event) => {
      await begin(event);
      // oxlint-disable-next-line no-throw-literal, typescript/only-throw-error -- h3 takes a number for a status
      throw 404;
    };
    expect(await userAfter(numbered)).toEqual([404, "eve"]);
    expect(await userAfter(async (event) => (await begin(event), HTTPError.status(422)))).toEqual([422, "eve"]);
  });

  test("that is returned saves nothing either", async () => {
    expect(await userAfter(async (event) => (await begin(event), HTTPError.status(500)))).toEqual([500, "ada"]);
  });
});

describe("a session that cannot be saved", () => {
  const pages: Record<string, EventHandler> = {
    "/page": async (event) => {
      await begin(event);
      event.res.headers.set("Set-Cookie", "a=1");
      event.res.headers.set("Cache-Control", "public, max-age=60");
      event.res.errHeaders.set("Cache-Control", "public, max-age=60");
      return "saved";
    },
  };

  test("is answered by h3 with its status", async () => {
    const { status, headers } = await appOf(brokenFixture(), pages).request("/page");
    expect([status, headers.get("retry-after"), headers.get("cache-control")]).toEqual([503, "1", "no-store"]);
    expect([headers.get("vary"), headers.getSetCookie()]).toEqual(["Cookie", []]);
  });

  test("is told to the application's own handler of errors", async () => {
    let seen: unknown;
    const onError = ({ cause }: HTTPError) => void (seen = cause);
    const app = appOf(brokenFixture(), pages, { config: { onError } });
    expect(await eventsOf(async () => app.request("/page"))).toEqual(["failed"]);
    expect(seen).toEqual(expect.objectContaining({ code: "STORE", status: 503 }));
  });

  test.each(["a stream", "a response"])("has the body of %s cancelled", async (kind) => {
    const cancelled = deferred();
    const body = new ReadableStream({ cancel: cancelled.resolve });
    const page: EventHandler = async (event) => {
      await begin(event);
      return kind === "a stream" ? body : new Response(body);
    };
    expect((await appOf(brokenFixture(), { "/page": page }).request("/page")).status).toBe(503);
    await cancelled.promise;
  });
});

test("a session that cannot be loaded is an error of the handler that asks, or of all where it is eager", async () => {
  const down = fixture(() => {
    throw new Error("the store is down, on purpose");
  });
  const login = await appOf(fixture()).request("/login");
  const plain = { "/plain": () => "plain" };
  const lazy = appOf(down, plain);
  const eager = appOf(down, plain, { load: "eager" });
  expect(await answersToOutage(login, lazy, eager)).toEqual(OUTAGE);
});

describe("an answer", () => {
  const fields = { Vary: "Accept", "Cache-Control": "public, max-age=60", "Set-Cookie": "a=1; Path=/" };
  const ANSWERS: Record<string, (event: H3Event) => unknown> = {
    "a text": ({ res }) => (Object.entries(fields).forEach((field) => res.headers.set(...field)), "text"),
    "a response": () => new Response("text", { headers: fields }),
    "a response that is a refusal": () => new Response("text", { status: 403, headers: fields }),
    "h3's own response": () => new HTTPResponse("text", { headers: fields }),
    "an error with headers": () => new HTTPError({ status: 403, headers: fields }),
  };

  test.each(Object.entries(ANSWERS))("that is %s keeps its fields, and none is for others", async (_name, answer) => {
    const app = appOf(fixture(), { "/page": async (event) => (await begin(event), answer(event)) });
    const { headers } = await app.request("/page");
    expect([headers.get("vary"), headers.get("cache-control")]).toEqual(["Accept, Cookie", "private, max-age=60"]);
    expect(headers.getSetCookie()).toEqual(["a=1; Path=/", expect.stringMatching(/^sid=/)]);
  });

  test("carries the cookie where nothing was found, on a redirect, and without content", async () => {
    const { visits } = fixture();
    const app = new H3({ silent: true }).use(session(visits)).use(async (event, next) => (await begin(event), next()));
    app.get("/redirect", () => redirect("/", 303));
    app.get("/nothing", ({ res }) => ((res.status = 204), null));
    for (const [path, status] of [
      ["/nowhere", 404],
      ["/redirect", 303],
      ["/nothing", 204],
    ] as const) {
      const answer = await app.request(path);
      expect([answer.status, answer.headers.getSetCookie().length]).toEqual([status, 1]);
    }
  });

  test("says nothing of a session for which nobody asked", async () => {
    const { visits, store } = fixture();
    const { headers } = await appOf({ visits }, { "/plain": () => "plain" }).request("/plain");
    expect([headers.get("vary"), headers.getSetCookie()]).toEqual([null, []]);
    expect(store.take().read).toBe(0);
  });

  test("that Node's own response has sent already cannot carry a cookie, which is told", async () => {
    const node = fromNodeHandler((_req, res) => void res.end("node"));
    const served = closing(
      await listen(toNodeHandler(appOf(fixture(), { "/page": async (event) => (await begin(event), node(event)) }))),
    );
    const visit = () => browser(served.url).visit("/page");
    expect(await eventsOf(visit)).toEqual(["late"]);
  });
});

describe("a body that streams", () => {
  const BODIES: Record<string, (body: ReadableStream) => unknown> = {
    "a stream": (body) => body,
    "a response": (body) => new Response(body),
    "an iterable": (body) => iterable(body),
    "Node's stream, made one of the web": (body) => Readable.toWeb(Readable.fromWeb(body as never)),
  };

  test.each(Object.entries(BODIES))("as %s keeps what changes in it, on a server of h3", async (_name, answer) => {
    const [headersLeft, goOn] = [deferred(), deferred()];
    async function* produce(current: Session) {
      yield Buffer.from("one");
      headersLeft.resolve();
      await goOn.promise;
      current["user"] = "eve";
    }
    const page: EventHandler = async (event) => answer(ReadableStream.from(produce(await event.context.session())));
    const server = serve(appOf(fixture(), { "/stream": page }), {
      port: 0,
      hostname: "127.0.0.1",
      silent: true,
      gracefulShutdown: false,
    });
    await server.ready();
    closing({ url: String(server.url), close: () => server.close(true) });
    const tab = browser(String(server.url));
    await tab.visit("/login");
    const streaming = tab.visit("/stream");
    await headersLeft.promise;
    expect((await tab.visit("/who")).text).toBe("ada");
    goOn.resolve();
    expect((await streaming).text).toBe("one");
    expect((await tab.visit("/who")).text).toBe("eve");
  });

  test("cannot set a cookie any more, which is told", async () => {
    const visits = cookieSessions<Data>({ keys: { current: "adapters-own_key-for-tests-only_0123456789" } });
    async function* produce(current: Session) {
      yield "one";
      current["user"] = "eve";
    }
    const app = appOf({ visits }, { "/stream": async (event) => iterable(produce(await event.context.session())) });
    expect(await eventsOf(async () => (await app.request("/stream")).text())).toEqual(["late"]);
  });
});

describe("mounted", () => {
  test("twice, it does nothing the second time and says so", async () => {
    const { visits, store } = fixture();
    const warned = warningOf("FLAGON_TWICE");
    const answer = await appOf({ visits }).use(session(visits)).request("/login");
    expect(answer.headers.getSetCookie().length).toBe(1);
    expect(store.take()).toEqual({ create: 1, read: 0, update: 0, delete: 0 });
    expect(await warned).toContain("app.use it once");
  });

  test("behind a proxy that is not trusted, it says so; behind a trusted one its cookie is secure", async () => {
    const warned = warningOf("FLAGON_PROXY");
    const login = (options: H3Options, url: string, init: RequestInit) => {
      return appOf(fixture(), {}, options).request(url, init);
    };
    expect(await secureCookies(login)).toEqual([false, true, true]);
    expect(await warned).toContain("trustProxy: true");
  });
});

test("the ambient session is there once the handler's own was awaited", async () => {
  const page: EventHandler = async (event) => {
    expect(() => ambient["user"]).toThrow(expect.objectContaining({ code: "CONTEXT" }));
    await begin(event);
    return String(ambient["user"]);
  };
  expect(await (await appOf(fixture(), { "/": page }).request("/")).text()).toBe("eve");
});
