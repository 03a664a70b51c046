import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { session } from "../../src/adapters/node.ts";
import { session as ambient } from "../../src/core/context.ts";
import { SessionError } from "../../src/index.ts";
import { testAdapter } from "../../src/testing/adapter-suite.ts";
import { browser } from "../../src/testing/browser.ts";
import { deferred } from "../../src/testing/internal/adapter-stage.ts";
import { closing } from "./closing.ts";
import { eventsOf, fixture, gatedFixture } from "./fixtures.ts";
import { listen, overNode } from "./servers.ts";

describe.each(["eager", "lazy"] as const)("node adapter, %s", (load) => {
  testAdapter({ test, serve: overNode(load), load });
});

async function urlOf(listener: (req: IncomingMessage, res: ServerResponse) => void): Promise<string> {
  const served = closing(await listen(listener));
  return served.url;
}

describe("a handler that fails", () => {
  test("is told to onError and to whoever listens", async () => {
    const told: unknown[] = [];
    const onError = (error: unknown, req: IncomingMessage) => told.push([error, req.url]);
    const failure = new Error("on purpose");
    const url = await urlOf(session(fixture().visits, () => Promise.reject(failure), { onError }));
    let page: { status: number; text: string } | undefined;
    expect(await eventsOf(async () => (page = await browser(url).visit("/path")))).toEqual(["failed"]);
    expect(page).toMatchObject({ status: 500, text: "Internal Server Error" });
    expect(told).toEqual([[failure, "/path"]]);
  });

  test("leaves none of its headers, and carries the cookie of a new id", async () => {
    const url = await urlOf(
      session(fixture().visits, (req, res) => {
        if (req.url === "/login") req.session["user"] = "ada";
        if (req.url !== "/fail") return res.end(String(req.session.get("user")));
        req.session.regenerate();
        res.setHeader("Content-Length", 1000).setHeader("ETag", '"1"');
        throw new Error("on purpose");
      }),
    );
    const tab = browser(url);
    await tab.visit("/login");
    const before = tab.cookies();
    const { status, headers } = await tab.visit("/fail");
    expect([status, headers.etag]).toEqual([500, undefined]);
    expect(tab.cookies()).not.toBe(before);
    expect((await tab.visit("/")).text).toBe("ada");
  });

  test("is answered once, although its listener is in another of the same name", async () => {
    const told: unknown[] = [];
    const onError = (error: unknown) => told.push(error);
    const { visits, store } = fixture();
    const inner = session(visits, (req) => {
      req.session["user"] = "ada";
      return Promise.reject(new Error("on purpose"));
    });
    const url = await urlOf(session(visits, inner, { onError }));
    expect(await browser(url).visit("/")).toMatchObject({ status: 500, setCookies: [] });
    expect([told.length, store.take().create]).toEqual([1, 0]);
  });

  test("answers with the status of a SessionError", async () => {
    const url = await urlOf(
      session(fixture().visits, () => {
        throw new SessionError("CONFLICT", "on purpose");
      }),
    );
    expect(await browser(url).visit("/")).toMatchObject({ status: 409, text: "Conflict" });
  });

  test("keeps the answer that it gave before", async () => {
    const told = deferred();
    const url = await urlOf(
      session(
        fixture().visits,
        (req, res) => {
          req.session["user"] = "ada";
          res.end("done");
          throw new Error("on purpose");
        },
        { onError: told.resolve },
      ),
    );
    expect(await browser(url).visit("/")).toMatchObject({ status: 200, text: "done" });
    await told.promise;
  });

  test("breaks off an answer that it had begun, so that it is not taken for a whole one", async () => {
    const url = await urlOf(
      session(fixture().visits, async (_req, res) => {
        res.write("one");
        await nextTurn();
        throw new Error("on purpose");
      }),
    );
    await expect(browser(url).visit("/")).rejects.toThrow("aborted");
  });

  test("breaks off an answer that was held", async () => {
    const { asked, letGo, visits } = gatedFixture();
    const told = deferred();
    const url = await urlOf(
      session(
        visits,
        async (req, res) => {
          req.session["user"] = "ada";
          res.write("one");
          await asked;
          throw new Error("on purpose");
        },
        { onError: told.resolve },
      ),
    );
    const answer = browser(url).visit("/");
    await Promise.all([expect(answer).rejects.toThrow("socket hang up"), told.promise.then(letGo)]);
  });
});

describe("req.session", () => {
  test("is not loaded when it is lazy and nobody asks, and once when several do", async () => {
    const { visits, store } = fixture();
    const tab = browser(
      await urlOf(
        session(
          visits,
          async (req, res) => {
            if (req.url === "/plain") return res.end("plain");
            const [one, other] = await Promise.all([req.session, req.session]);
            one["n"] = 1;
            return res.end(String(one === other));
          },
          { load: "lazy" },
        ),
      ),
    );
    expect((await tab.visit("/ask")).text).toBe("true");
    store.take();
    await tab.visit("/plain");
    expect(store.take()).toEqual({ create: 0, read: 0, update: 0, delete: 0 });
    await tab.visit("/ask");
    expect(store.take()).toEqual({ create: 0, read: 1, update: 0, delete: 0 });
  });

  test("is waited for where a lazy handler asked and did not wait", async () => {
    const { visits } = fixture();
    const { setCookies } = await browser(
      await urlOf(
        session(
          visits,
          (req, res) => {
            void req.session.then((current) => (current["user"] = "ada"));
            res.end();
          },
          { load: "lazy" },
        ),
      ),
    ).visit("/");
    expect(setCookies.length).toBe(1);
  });

  test("is an error that a lazy handler may live with, and that no cache may keep", async () => {
    let down = false;
    const { visits } = fixture(() => {
      if (down) throw new Error("the store is down, on purpose");
    });
    const tab = browser(
      await urlOf(
        session(
          visits,
          async (req, res) => {
            if (req.url === "/late") res.end();
            if (req.url !== "/") void req.session;
            else await req.session.then((current) => (current["user"] = "ada")).catch(() => undefined);
            res.end();
          },
          { load: "lazy" },
        ),
      ),
    );
    await tab.visit("/");
    down = true;
    await tab.visit("/late");
    for (const path of ["/", "/forget"]) {
      const { status, headers } = await tab.visit(path);
      expect([status, headers["cache-control"], headers.vary]).toEqual([200, "no-store", "Cookie"]);
    }
  });

  test("cannot be assigned, and is not seen by who walks over the request", async () => {
    const { text, headers } = await browser(
      await urlOf(
        session(fixture().visits, (req, res) => {
          expect(Object.keys(req)).not.toContain("session");
          expect(() => Object.assign(req, { session: null })).toThrow(expect.objectContaining({ code: "RESERVED" }));
          res.end("one");
        }),
      ),
    ).visit("/");
    expect([text, headers.vary]).toEqual(["one", undefined]);
  });

  test("is the right one in two servers of one process at once", async () => {
    const both = deferred();
    let inside = 0;
    const handler = async (req: { session: Record<string, unknown> }, res: ServerResponse) => {
      req.session["n"] = ++inside;
      if (inside === 2) both.resolve();
      await both.promise;
      res.end(String(ambient["n"] === req.session["n"]));
    };
    const urls = [await urlOf(session(fixture().visits, handler)), await urlOf(session(fixture().visits, handler))];
    const pages = await Promise.all(urls.map((url) => browser(url).visit("/")));
    expect(pages.map(({ text }) => text)).toEqual(["true", "true"]);
  });

  test("reaches no handler when the store is down", async () => {
    const told: unknown[] = [];
    let down = false;
    const { visits } = fixture(() => {
      if (down) throw new Error("the store is down, on purpose");
    });
    let calls = 0;
    const tab = browser(
      await urlOf(
        session(
          visits,
          (req, res) => {
            calls++;
            req.session["user"] = "ada";
            res.end();
          },
          { onError: (error) => told.push(error) },
        ),
      ),
    );
    await tab.visit("/");
    down = true;
    expect(await eventsOf(() => tab.visit("/"))).toEqual(["failed"]);
    expect(calls).toBe(1);
    expect(told).toEqual([expect.objectContaining({ code: "STORE" })]);
  });
});

function login(req: { session: Record<string, unknown> }, res: ServerResponse): void {
  req.session["user"] = "ada";
  res.end();
}

describe("https", () => {
  test("makes the cookie Secure, without a proxy", async () => {
    // A shared key, so that no certificate has to lie about.
    const key = { psk: Buffer.alloc(32, 7), identity: "test" };
    const tls = { ciphers: "PSK", maxVersion: "TLSv1.2" } as const;
    const server = createServer({ ...tls, pskCallback: () => key.psk }, session(fixture().visits, login)).listen(0);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const options = { port, ...tls, pskCallback: () => key, checkServerIdentity: () => undefined, agent: false };
    const [response] = (await once(request(options).end(), "response")) as [IncomingMessage];
    server.close();
    response.resume();
    expect(response.headers["set-cookie"]).toEqual([expect.stringMatching(/^__Host-sid=.*; Secure/)]);
  });

  test("is believed from a trusted proxy, and from no other", async () => {
    const warned = once(process, "warning");
    const { visits } = fixture();
    const trusting = browser(await urlOf(session(visits, login, { trustProxy: true })), { https: true });
    await trusting.visit("/");
    expect(trusting.cookies()).toMatch(/^__Host-sid=/);
    const other = browser(await urlOf(session(visits, login)), { https: true });
    await other.visit("/");
    expect(other.cookies()).toMatch(/^sid=/);
    expect(await warned).toMatchObject([
      { code: "FLAGON_PROXY", message: expect.stringContaining("trustProxy: true") },
    ]);
  });
});
