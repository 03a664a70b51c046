import { readFile } from "node:fs/promises";
import { Module } from "@nestjs/common";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import { describe, expect, test } from "vitest";
import { SESSIONS, SessionModule } from "../../../src/adapters/nest.ts";
import type { SessionInterface } from "../../../src/index.ts";
import { testAdapter } from "../../../src/testing/adapter-suite.ts";
import { type Browser, browser } from "../../../src/testing/browser.ts";
import { closing } from "../closing.ts";
import { type Data, type Fixture, brokenFixture, fixture } from "../fixtures.ts";
import { type App, hostOf, overNest, start } from "../nest-servers.ts";
import { FILE, PagesModule } from "./pages.ts";

@Module({})
// oxlint-disable-next-line typescript/no-extraneous-class -- a module is a class
class AppModule {}

@Module({})
// oxlint-disable-next-line typescript/no-extraneous-class -- a module is a class
class GivenModule {}

interface Setting extends Partial<Pick<Fixture, "visits">> {
  prepare?: (app: App) => unknown;
  https?: boolean;
}

describe.each(["Express", "Fastify"] as const)("nest adapter on %s", (host) => {
  describe.each(["eager", "lazy"] as const)("%s", (load) => {
    testAdapter({ test, serve: overNest(host, load), load });
  });

  /** A browser in front of an application with the pages. */
  async function tabAt({ visits = fixture().visits, prepare, https = false }: Setting = {}): Promise<Browser> {
    const app = { module: AppModule, imports: [PagesModule, SessionModule.forRoot(visits)] };
    const served = closing(await start(app, hostOf(host, https), prepare));
    return browser(served.url, { https });
  }

  const dataOf = async (tab: Browser) => JSON.parse((await tab.visit("/data")).text) as Data;

  test("is there for handlers, for middleware, and for code below that nobody hands it", async () => {
    const tab = await tabAt();
    expect((await tab.visit("/set")).text).toBe("true");
    expect(JSON.parse((await tab.visit("/key")).text)).toEqual({ user: "ada", same: true });
    expect(await dataOf(tab)).toEqual({ user: "ada", seen: true });
  });

  test("is there behind a body that was read", async () => {
    const tab = await tabAt();
    const headers = { "Content-Type": "application/json" };
    // More than comes with the headers: the handler is then called by what reads the rest.
    const n = "1".repeat(90_000);
    expect((await tab.visit("/body", { method: "POST", headers, body: JSON.stringify({ n }) })).status).toBe(201);
    expect(await dataOf(tab)).toEqual({ body: { n } });
  });

  test.each([
    ["/redirect", 303, ""],
    ["/by-hand", 422, "by hand"],
    ["/raw", 200, "raw"],
    ["/events", 200, "id: 1\ndata: one"],
  ])("sends the cookie with %s", async (path, status, text) => {
    const tab = await tabAt();
    const page = await tab.visit(path);
    expect([page.status, page.setCookies.length]).toEqual([status, 1]);
    expect(page.text).toContain(text);
    expect(await dataOf(tab)).toMatchObject({ user: "ada" });
  });

  test("sends the cookie with a file, and the file", async () => {
    const { body, setCookies } = await (await tabAt()).visit("/file");
    expect([setCookies.length, (await readFile(FILE)).equals(body)]).toEqual([1, true]);
  });

  test.each([
    ["/exception", 404],
    ["/guarded/throws", 401],
    ["/guarded/refuses", 403],
  ])("saves nothing where an exception becomes an answer: %s", async (path, status) => {
    const tab = await tabAt();
    const page = await tab.visit(path);
    expect([page.status, page.setCookies]).toEqual([status, []]);
    expect(await dataOf(tab)).toEqual({});
  });

  test("saves where an exception becomes another answer, by a filter or an interceptor", async () => {
    const tab = await tabAt();
    const page = await tab.visit("/to-login/throws");
    expect([page.status, page.headers["location"]]).toEqual([302, "/login"]);
    expect(await dataOf(tab)).toEqual({ guard: true, back: "/to-login/throws" });
    expect(await tab.visit("/mended")).toMatchObject({ status: 200, text: "mended" });
    expect(await dataOf(tab)).toMatchObject({ user: "ada" });
  });

  test("saves what guards and interceptors changed", async () => {
    const tab = await tabAt();
    await tab.visit("/guarded");
    await tab.visit("/counted");
    expect(await dataOf(tab)).toEqual({ guard: true, intercepted: 1 });
  });

  test("is there under a global prefix, and beside it", async () => {
    const tab = await tabAt({ prepare: (app) => app.setGlobalPrefix("api", { exclude: ["data"] }) });
    expect((await tab.visit("/api/set")).setCookies.length).toBe(1);
    expect(await dataOf(tab)).toEqual({ user: "ada", seen: true });
  });

  test("gives a save that failed to the exception filters, and a clean response", async () => {
    const seen: unknown[] = [];
    const prepare = (app: App) => {
      app.useGlobalFilters({
        catch: (error: unknown, args) => {
          seen.push(error);
          const response = args
            .switchToHttp()
            .getResponse<{ status: (code: number) => { send: (text: string) => void } }>();
          response.status(503).send("sorry");
        },
      });
    };
    const tab = await tabAt({ ...brokenFixture(), prepare });
    const page = await tab.visit("/redirect");
    expect(page).toMatchObject({ status: 503, text: "sorry", setCookies: [] });
    expect(page.headers).toMatchObject({ "retry-after": "1", "cache-control": "no-store" });
    expect(page.headers).not.toHaveProperty("location");
    expect(seen).toEqual([expect.objectContaining({ code: "STORE" })]);
  });

  test("is answered by Nest itself where no filter takes a save that failed", async () => {
    const { status, text } = await (await tabAt(brokenFixture())).visit("/set");
    expect([status, JSON.parse(text)]).toEqual([503, { statusCode: 503, message: "Service Unavailable" }]);
  });

  test("sets a secure cookie where the host trusts its proxy", async () => {
    const tab = await tabAt({ https: true });
    await tab.visit("/set");
    expect(tab.cookies()).toMatch(/^__Host-sid=/);
  });

  test("takes sessions that Nest provides for, and provides them", async () => {
    const { visits } = fixture();
    const PROVIDED = Symbol("provided");
    const given = { module: GivenModule, providers: [{ provide: PROVIDED, useValue: visits }], exports: [PROVIDED] };
    const sessionModule = SessionModule.forRootAsync({
      imports: [given],
      inject: [PROVIDED],
      useFactory: async (provided: SessionInterface<Data>) => Promise.resolve(provided),
    });
    let found: unknown;
    const app = { module: AppModule, imports: [sessionModule, PagesModule] };
    const served = closing(await start(app, hostOf(host), (made) => (found = made.get(SESSIONS))));
    const tab = browser(served.url);
    await tab.visit("/set");
    expect([await dataOf(tab), found]).toEqual([{ user: "ada", seen: true }, visits]);
  });
});

describe("nest adapter", () => {
  test("throws for options that it does not know, and for sessions that are none", async () => {
    const wrong = expect.objectContaining({ code: "CONFIG" });
    const { visits } = fixture();
    expect(() => SessionModule.forRoot(visits, { loda: "lazy" } as never)).toThrow(wrong);
    expect(() => SessionModule.forRoot(visits, { load: "late" } as never)).toThrow(wrong);
    const none = { module: AppModule, imports: [SessionModule.forRootAsync({ useFactory: () => undefined as never })] };
    await expect(start(none, hostOf("Express"))).rejects.toThrow(wrong);
  });

  test.each(["Express", "Fastify"] as const)("throws where requests of %s have the property already", async (host) => {
    const app = { module: AppModule, imports: [SessionModule.forRoot(fixture().visits, { property: "query" })] };
    await expect(start(app, hostOf(host))).rejects.toThrow(expect.objectContaining({ code: "CONFIG" }));
  });

  test("throws where Fastify has sessions already", async () => {
    const adapter = new FastifyAdapter();
    adapter.getInstance().decorateRequest("session");
    const app = { module: AppModule, imports: [SessionModule.forRoot(fixture().visits)] };
    await expect(start(app, adapter)).rejects.toThrow(expect.objectContaining({ code: "CONFIG" }));
  });
});
