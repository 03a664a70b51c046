import { once } from "node:events";
import { type IncomingMessage, ServerResponse, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { session } from "../../src/adapters/node.ts";
import { browser } from "../../src/testing/browser.ts";
import { deferred, rawVisit } from "../../src/testing/internal/adapter-stage.ts";
import { closing } from "./closing.ts";
import { type Fixture, type Visit, brokenFixture, eventsOf, fixture, gatedFixture } from "./fixtures.ts";
import { compress, compressOldly } from "./layers.ts";
import { listen } from "./servers.ts";

type Handler = (res: ServerResponse, current: Visit, req: IncomingMessage) => unknown;

interface Setting {
  handler: Handler;
  /** Gets the response before us, as a middleware that comes first. */
  layer?: (res: ServerResponse) => unknown;
  onError?: (error: unknown) => void;
}

/** A server that changes the session at every path but `/plain`. */
async function serve({ visits }: Fixture, { handler, layer, onError = () => undefined }: Setting): Promise<string> {
  const listener = session(
    visits,
    (req, res) => {
      if (req.url === "/plain") return res.end("plain");
      req.session["changed"] = true;
      return handler(res, req.session, req);
    },
    { onError },
  );
  const served = await listen((req, res) => {
    layer?.(res);
    listener(req, res);
  });
  closing(served);
  return served.url;
}

async function visit(handler: Handler, layer?: Setting["layer"]): ReturnType<ReturnType<typeof browser>["visit"]> {
  const url = await serve(fixture(), layer ? { handler, layer } : { handler });
  return browser(url).visit("/");
}

const MEGABYTE = Buffer.alloc(2 ** 20, "0123456789abcdef");

/** A large body in pieces, as a file is read; tells of each piece. */
function* chunked(bytes: Buffer, tell: () => void = () => undefined): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 2 ** 14) {
    tell();
    yield bytes.subarray(at, at + 2 ** 14);
  }
}

describe("a held response", () => {
  const SENDERS: Record<string, [send: (res: ServerResponse) => unknown, body: string]> = {
    "end(text)": [(res) => res.end("one"), "one"],
    "end()": [(res) => res.end(), ""],
    "end(text, encoding, callback)": [
      (res) => new Promise<void>((resolve) => res.end("6f6e65", "hex", resolve)),
      "one",
    ],
    "end(callback)": [(res) => new Promise<void>((resolve) => res.end(resolve)), ""],
    "write and end": [(res) => [res.write("on"), res.write(Buffer.from("e")), res.end()], "one"],
    "write(text, encoding)": [(res) => [res.write("6f6e65", "hex"), res.end()], "one"],
    writeHead: [(res) => res.writeHead(200).end("one"), "one"],
    flushHeaders: [(res) => [res.flushHeaders(), res.end("one")], "one"],
    pipe: [(res) => Readable.from(["on", "e"]).pipe(res), "one"],
    pipeline: [(res) => pipeline(Readable.from(["on", "e"]), res), "one"],
    "pipeline from a generator": [(res) => pipeline(["on", "e"], res), "one"],
    "a large body": [(res) => res.end(MEGABYTE), MEGABYTE.toString()],
  };

  test.each(Object.entries(SENDERS))("sends nothing before the save, then all: %s", async (_name, [send, body]) => {
    const { asked, letGo, ...rest } = gatedFixture();
    const url = await serve(rest, { handler: send });
    const raw = await rawVisit(url, "/");
    await asked;
    // What had left would have arrived before a whole other visit.
    await browser(url).visit("/plain");
    expect(raw.received()).toBe("");
    letGo();
    await raw.end;
    expect(raw.received()).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(raw.received()).toMatch(/^set-cookie: sid=/m);
    const page = await browser(url).visit("/");
    expect([page.status, page.text, page.setCookies.length]).toEqual([200, body, 1]);
  });

  const HEADS: Record<string, (res: ServerResponse) => unknown> = {
    "an object": (res) => res.writeHead(201, { "X-App": "1", "Set-Cookie": ["a=1", "b=2"] }),
    "a reason and an object": (res) => res.writeHead(201, "Made", { "X-App": "1", "Set-Cookie": ["a=1", "b=2"] }),
    "a flat array": (res) => res.writeHead(201, ["X-App", "1", "Set-Cookie", "a=1", "Set-Cookie", "b=2"]),
    "an array of pairs": (res) => {
      const pairs = [
        ["X-App", "1"],
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
      ];
      return res.writeHead(201, pairs as never);
    },
  };

  test.each(Object.entries(HEADS))("takes the fields of writeHead from %s", async (_name, writeHead) => {
    const { status, headers, setCookies } = await visit((res) => {
      res.setHeader("X-App", "0");
      res.setHeader("Set-Cookie", "old=1");
      writeHead(res);
      res.end();
    });
    expect([status, headers["x-app"]]).toEqual([201, "1"]);
    expect(setCookies).toEqual(["a=1", "b=2", expect.stringMatching(/^sid=/)]);
  });

  test("keeps the reason of writeHead, and the automatic length of a body that ends at once", async () => {
    const url = await serve(fixture(), { handler: (res) => res.writeHead(200, "Fine").end("one") });
    const raw = await rawVisit(url, "/");
    await raw.end;
    expect(raw.received()).toMatch(/^HTTP\/1.1 200 Fine\r\n/);
    expect((await visit((res) => res.end("one"))).headers["content-length"]).toBe("3");
  });

  test("refuses headers as one that has been sent, and keeps the status it had", async () => {
    const seen: unknown[] = [];
    const { status, headers } = await visit((res) => {
      seen.push(res.headersSent, res.writableEnded);
      res.write("one");
      seen.push(res.headersSent, res.writableEnded);
      for (const [verb, change] of [
        ["set", () => res.setHeader("X-Late", "1")],
        ["append", () => res.appendHeader("X-Late", "1")],
        ["remove", () => res.removeHeader("X-App")],
        ["write", () => res.writeHead(201)],
        ["write", () => res.writeHead(200, { "X-Late": "1" })],
      ] as const) {
        const message = `Cannot ${verb} headers after they are sent to the client`;
        expect(change).toThrow(expect.objectContaining({ code: "ERR_HTTP_HEADERS_SENT", message }));
      }
      res.statusCode = 500;
      res.end();
      seen.push(res.headersSent, res.writableEnded);
    });
    expect(seen).toEqual([false, false, true, false, true, true]);
    expect([status, headers["x-late"]]).toEqual([200, undefined]);
  });

  test("ignores a second end, and calls back in order", async () => {
    const told: string[] = [];
    const { text } = await visit(async (res) => {
      res.on("finish", () => told.push("finish"));
      res.write("one", () => told.push("one"));
      res.write("two", "utf8", () => told.push("two"));
      res.end("three", () => told.push("end"));
      res.end();
      await once(res, "close");
    });
    expect(text).toBe("onetwothree");
    expect(told.slice(0, 2)).toEqual(["one", "two"]);
    // Which of the two comes first is up to the version of Node.
    expect(told.slice(2).toSorted()).toEqual(["end", "finish"]);
  });

  test("is over with its end, whatever comes after that", async () => {
    const over = deferred();
    const { visits, store } = fixture();
    const handler: Handler = async (res, current) => {
      const closed = once(res, "close");
      res.end("one");
      await closed;
      current["changed"] = "late";
      res.end();
      over.resolve();
    };
    await browser(await serve({ visits, store }, { handler })).visit("/");
    await over.promise;
    expect(store.take()).toMatchObject({ create: 1, update: 0 });
  });

  test("may stand behind another object", async () => {
    const { text, setCookies } = await visit((res) => {
      const behind = Object.create(res) as typeof res;
      behind.write("one");
      behind.end("two");
    });
    expect([text, setCookies.length]).toEqual(["onetwo", 1]);
  });

  test("adds to a Vary of several fields", async () => {
    const { headers } = await visit((res) => res.setHeader("Vary", ["Accept", "Origin"]).end());
    expect(headers.vary).toBe("Accept, Origin, Cookie");
  });

  test("waits also when its methods were looked up before the session was", async () => {
    const { visits } = fixture();
    const served = closing(await listen(session(visits, (req, res) => res.end(req.session.setDefault("name", "ada")))));
    const { text, setCookies } = await browser(served.url).visit("/");
    expect([text, setCookies.length]).toEqual(["ada", 1]);
  });

  test("lets early hints pass", async () => {
    const { letGo, ...rest } = gatedFixture();
    const url = await serve(rest, {
      handler(res) {
        res.writeEarlyHints({ link: "</style.css>; rel=preload" });
        res.end("one");
      },
    });
    const client = request(url).end();
    expect(await once(client, "information")).toMatchObject([{ statusCode: 103 }]);
    letGo();
    const [incoming] = (await once(client, "response")) as [IncomingMessage];
    expect((await buffer(incoming)).toString()).toBe("one");
  });

  test("takes a chunk that Node refuses for a failure", async () => {
    const errors: unknown[] = [];
    const url = await serve(fixture(), { handler: (res) => res.end(1), onError: (error) => errors.push(error) });
    const { status, setCookies } = await browser(url).visit("/");
    expect([status, setCookies]).toEqual([500, []]);
    expect(errors).toEqual([expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" })]);
  });
});

describe("back-pressure", () => {
  test("stops a source while the response is held, and feeds a slow client byte for byte", async () => {
    const { asked, letGo, ...rest } = gatedFixture();
    let pulled = 0;
    const source = Readable.from(
      chunked(MEGABYTE, () => pulled++),
      { objectMode: false },
    );
    const handler: Handler = (res) => source.pipe(res);
    const url = await serve(rest, { handler });
    const client = request(url).end();
    await asked;
    await browser(url).visit("/plain");
    expect(pulled).toBeLessThan(16);
    letGo();
    const [incoming] = (await once(client, "response")) as [IncomingMessage];
    const parts: Buffer[] = [];
    for await (const part of incoming.pipe(new PassThrough({ highWaterMark: 1 }))) parts.push(part as Buffer);
    expect(Buffer.concat(parts).equals(MEGABYTE)).toBe(true);
  });

  test("drains no sooner than Node does", async () => {
    const drained = deferred();
    let drains = 0;
    const large = Buffer.alloc(2 ** 25);
    const url = await serve(fixture(), {
      handler(res) {
        res.on("drain", () => {
          drains++;
          drained.resolve();
          res.end();
        });
        res.write(large);
      },
    });
    const { socket, end } = await rawVisit(url, "/");
    socket.pause();
    await browser(url).visit("/plain");
    expect(drains).toBe(0);
    socket.resume();
    await Promise.all([drained.promise, end]);
    expect(drains).toBe(1);
  });

  test("says false and drains afterwards, for whoever waits", async () => {
    const { text } = await visit(async (res) => {
      res.on("drain", () => res.write("two"));
      expect(res.write("one")).toBe(false);
      await once(res, "drain");
      expect(res.write("three")).toBe(true);
      res.end();
    });
    expect(text).toBe("onetwothree");
  });
});

describe("with a layer that replaces write and end", () => {
  const bodies: Record<string, (res: ServerResponse) => unknown> = {
    "one end": (res) => res.end(MEGABYTE),
    writes: (res) => [res.write(MEGABYTE.subarray(0, 9)), res.write(MEGABYTE.subarray(9)), res.end()],
    "a pipe": (res) => Readable.from(chunked(MEGABYTE)).pipe(res),
    "a pipeline": (res) => pipeline(Readable.from(chunked(MEGABYTE)), res),
  };

  describe.each(Object.entries(bodies))("%s", (_name, send) => {
    test("before us", async () => {
      const { body, headers, setCookies } = await visit(send, compress);
      expect([headers["content-encoding"], setCookies.length]).toEqual(["gzip", 1]);
      expect(gunzipSync(body).equals(MEGABYTE)).toBe(true);
    });

    test("behind us", async () => {
      const { body, headers, setCookies } = await visit((res) => (compress(res), send(res)));
      expect([headers["content-encoding"], setCookies.length]).toEqual(["gzip", 1]);
      expect(gunzipSync(body).equals(MEGABYTE)).toBe(true);
    });

    test("that asks Node's own fields", async () => {
      const { body, setCookies } = await visit((res) => (compressOldly(res), send(res)), compressOldly);
      expect(setCookies.length).toBe(1);
      expect(Buffer.from(body).equals(MEGABYTE)).toBe(true);
    });
  });
});

describe("a response of a class of its own", () => {
  /** What two visits find, at a server whose responses no other has. */
  async function visitsOf(layer: (res: ServerResponse, n: number) => unknown): Promise<unknown[]> {
    class Response extends ServerResponse {}
    const listener = session(fixture().visits, (req, res) => {
      req.session["changed"] = true;
      res.end("one");
    });
    let n = 0;
    const server = createServer({ ServerResponse: Response }, (req, res) => {
      layer(res, ++n);
      listener(req, res);
    }).listen(0);
    await once(server, "listening");
    closing({ url: "", close: () => server.close() });
    const { port } = server.address() as AddressInfo;
    const pages = [1, 2].map(() => browser(`http://127.0.0.1:${port}`).visit("/"));
    return (await Promise.all(pages)).map(({ setCookies }) => setCookies.length);
  }

  test("is held, and gets no methods of its own", async () => {
    expect(await visitsOf((res) => res.on("close", () => expect(Object.keys(res)).not.toContain("end")))).toEqual([
      1, 1,
    ]);
  });

  test("is held although a layer took its methods before we had replaced them", async () => {
    expect(await visitsOf(compress)).toEqual([1, 1]);
  });

  test("is held whether or not a layer took its methods", async () => {
    expect(await visitsOf((res, n) => n === 2 && compress(res))).toEqual([1, 1]);
  });
});

describe("a client that leaves", () => {
  const bodies: Record<string, (res: ServerResponse) => unknown> = {
    "an end": (res) => res.end("one"),
    "a pipe": (res) => Readable.from(chunked(MEGABYTE)).pipe(res),
    "a pipeline": (res) => pipeline(Readable.from(chunked(MEGABYTE)), res).catch(() => undefined),
  };

  test.each(Object.entries(bodies))("lets the save complete: %s", async (_name, send) => {
    const { asked, letGo, store, visits } = gatedFixture();
    const gone = deferred();
    const handler: Handler = (res) => {
      res.on("close", gone.resolve);
      return send(res);
    };
    const url = await serve({ store, visits }, { handler });
    const { socket } = await rawVisit(url, "/");
    await asked;
    socket.destroy();
    await gone.promise;
    letGo();
    await browser(url).visit("/plain");
    expect(store.take().create).toBe(1);
  });
});

describe("a save that fails", () => {
  test("puts an error in place of what was held, with the headers from before", async () => {
    const { status, text, headers } = await browser(
      await serve(brokenFixture(), {
        layer: (res) => res.setHeader("X-Before", ["1", "2"]).setHeader("Cache-Control", "public"),
        handler(res) {
          res.appendHeader("X-Before", "3");
          res.writeHead(200, "Fine", {
            "Content-Type": "text/html",
            "Content-Length": 3,
            "Set-Cookie": "a=1",
            ETag: "x",
          });
          res.end("one");
        },
      }),
    ).visit("/");
    expect([status, text]).toEqual([503, "Service Unavailable"]);
    expect(headers).toMatchObject({
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      vary: "Cookie",
      "retry-after": "1",
      "x-before": "1, 2",
    });
    expect(headers).not.toHaveProperty("set-cookie");
    expect(headers).not.toHaveProperty("etag");
  });

  test("has its own status line", async () => {
    const url = await serve(brokenFixture(), {
      handler(res) {
        res.statusMessage = "Fine";
        res.end();
      },
    });
    const raw = await rawVisit(url, "/");
    await raw.end;
    expect(raw.received()).toMatch(/^HTTP\/1.1 503 Service Unavailable\r\n/);
  });

  test("cuts off a pipe, and ends its source", async () => {
    const source = Readable.from(chunked(MEGABYTE));
    const url = await serve(brokenFixture(), { handler: (res) => void source.pipe(res) });
    expect((await browser(url).visit("/")).text).toBe("Service Unavailable");
    if (!source.closed) await once(source, "close");
    expect(source.destroyed).toBe(true);
  });

  test("leaves a source alone that is piped elsewhere by now", async () => {
    const source = new PassThrough();
    const closed = deferred();
    const handler: Handler = (res) => {
      res.on("close", closed.resolve);
      source.pipe(res);
      source.unpipe(res);
      res.end("one");
    };
    await browser(await serve(brokenFixture(), { handler })).visit("/");
    await closed.promise;
    expect(source.destroyed).toBe(false);
  });

  test("tells a pipeline and every callback", async () => {
    const told: unknown[] = [];
    const over = deferred();
    const handler: Handler = async (res) => {
      res.write("one", (error) => told.push(error));
      await pipeline(Readable.from(chunked(MEGABYTE)), res).catch((error: unknown) => told.push(error));
      over.resolve();
    };
    const url = await serve(brokenFixture(), { handler });
    await browser(url).visit("/");
    await over.promise;
    expect(told).toEqual([
      expect.objectContaining({ code: "STORE" }),
      expect.objectContaining({ code: "ERR_STREAM_PREMATURE_CLOSE" }),
    ]);
  });

  test("ignores a handler that goes on writing", async () => {
    const over = deferred();
    const handler: Handler = async (res) => {
      const closed = once(res, "close");
      res.write("one", () => {
        // The answer has ended, and is not yet over: Node takes a write for an error now.
        expect(res.writableEnded).toBe(true);
        expect(res.destroyed).toBe(false);
        expect(res.write("two")).toBe(false);
        res.end("three");
      });
      await closed;
      res.write("four");
      res.end();
      over.resolve();
    };
    const url = await serve(brokenFixture(), { handler });
    expect((await browser(url).visit("/")).text).toBe("Service Unavailable");
    await over.promise;
  });

  test("answers through a layer that replaces write and end", async () => {
    const url = await serve(brokenFixture(), { handler: (res) => res.end("one"), layer: compress });
    const { status, body } = await browser(url).visit("/");
    expect([status, gunzipSync(body).toString()]).toEqual([503, "Service Unavailable"]);
  });

  test("stands a client that has left", async () => {
    const asked = deferred();
    const gate = deferred();
    const failed = deferred();
    const broken = fixture(async () => {
      asked.resolve();
      await gate.promise;
      throw new Error("the store is down, on purpose");
    });
    const gone = deferred();
    const handler: Handler = (res) => res.on("close", gone.resolve).end("one");
    const url = await serve(broken, { handler, onError: failed.resolve });
    const { socket } = await rawVisit(url, "/");
    await asked.promise;
    socket.destroy();
    await gone.promise;
    gate.resolve();
    await failed.promise;
    expect((await browser(url).visit("/plain")).text).toBe("plain");
  });
});

describe("a change after the head has left", () => {
  test("reaches the store before the end leaves", async () => {
    const { visits } = fixture();
    const served = await listen(
      session(visits, async (req, res) => {
        res.write(String(req.session.setDefault("step", "first")));
        await once(res, "drain");
        req.session["step"] = "late";
        res.end();
      }),
    );
    closing(served);
    const tab = browser(served.url);
    await tab.visit("/");
    expect((await tab.visit("/")).text).toBe("late");
  });

  const LATE: Record<string, (current: Visit) => void> = {
    "a new session": (current) => (current["changed"] = "late"),
    "a new id": (current) => current.regenerate(),
  };

  test.each(Object.entries(LATE))("is told when the browser had to be told: %s", async (name, change) => {
    const { visits } = fixture();
    const served = await listen(
      session(visits, async (req, res) => {
        if (req.url === "/login") req.session["changed"] = true;
        if (req.url === "/login") return res.end();
        res.write("one");
        await nextTurn();
        change(req.session);
        return res.end("two");
      }),
    );
    closing(served);
    const tab = browser(served.url);
    if (name === "a new id") await tab.visit("/login");
    expect(await eventsOf(() => tab.visit("/late"))).toEqual(["late"]);
  });

  test("is told as failed when the store fails, and the answer ends as it is", async () => {
    let down = false;
    const failing = fixture(() => {
      if (down) throw new Error("the store is down, on purpose");
    });
    const url = await serve(failing, {
      async handler(res, current) {
        res.write("one");
        await once(res, "drain");
        down = true;
        current["changed"] = "late";
        res.end("two");
      },
    });
    let text: string | undefined;
    expect(await eventsOf(async () => ({ text } = await browser(url).visit("/")))).toEqual(["failed"]);
    expect(text).toBe("onetwo");
  });

  test("is no late one when a cookie is only set anew", async () => {
    const { visits } = fixture();
    let saves = 0;
    const refreshing: typeof visits = {
      open: (from) => visits.open(from),
      async save(current) {
        const saved = await visits.save(current);
        return { ...saved, result: "unchanged", headers: [["Set-Cookie", `saves=${++saves}`]] };
      },
    };
    const handler: Handler = async (res) => {
      res.write("one");
      await once(res, "drain");
      res.end("two");
    };
    const url = await serve({ ...fixture(), visits: refreshing }, { handler });
    expect(await eventsOf(() => browser(url).visit("/"))).toEqual([]);
    expect(saves).toBe(2);
  });

  test("is no late one when the session ended with the head", async () => {
    const { visits } = fixture();
    const served = await listen(
      session(visits, async (req, res) => {
        if (req.url === "/login") req.session["changed"] = true;
        else req.session.destroy();
        res.write("one");
        await nextTurn();
        res.end("two");
      }),
    );
    closing(served);
    const tab = browser(served.url);
    await tab.visit("/login");
    expect(await eventsOf(() => tab.visit("/logout"))).toEqual([]);
    expect(tab.cookies()).toBeUndefined();
  });
});
