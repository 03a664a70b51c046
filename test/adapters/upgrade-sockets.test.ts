/** The session of connections that stay open: over real sockets, and stores that are shared with another process. */
import { once } from "node:events";
import { type IncomingMessage, type RequestListener, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { createClient } from "redis";
import { Server as SocketIo } from "socket.io";
import { type Socket, io } from "socket.io-client";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { session as expressSession } from "../../src/adapters/express.ts";
import { session as nodeSession } from "../../src/adapters/node.ts";
import { type Live, type UpgradeOptions, fromUpgrade } from "../../src/adapters/upgrade.ts";
import { type SessionInterface, type Store, sessions } from "../../src/index.ts";
import { cachedStore } from "../../src/stores/cached.ts";
import { fileStore } from "../../src/stores/file.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { redisStore } from "../../src/stores/redis.ts";
import { type Data, KEY, Visitor } from "../core/helpers.ts";
import { engine, has, untilTheEnd } from "../engines.ts";
import { connected } from "../stores/redis-clients.ts";
import { temporaryDirectory } from "../stores/worker-directory.ts";

type Visits = SessionInterface<Data>;

/** What a visitor has of an open connection. */
interface Line {
  /** Has the server do what the text says, and gives its answer. */
  ask(text: "count" | "user"): Promise<string>;
  /** Resolves with what the server says at the end. */
  readonly ended: Promise<string>;
}

/** What the server does for its visitors. */
async function answerTo(live: Live<Data>, text: string): Promise<string> {
  if (text === "count") await live.update((session) => session.update("n", (n) => Number(n ?? 0) + 1));
  else await live.refresh();
  return String(live.session[text === "count" ? "n" : "user"]);
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Connect = (cookie: string | undefined) => Promise<Line>;

/** How a kind of connection is served, and made. */
type Kind = (visits: Visits, options: UpgradeOptions) => Promise<Connect>;

const overWs: Kind = async (visits, options) => {
  const server = createServer();
  const sockets = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    const accept = (live: Live<Data>) => {
      sockets.handleUpgrade(request, socket, head, (ws) => {
        live.onRevoked(() => ws.close(4401, "revoked"));
        ws.on("close", () => live.close());
        ws.on("message", (text) => void answerTo(live, (text as Buffer).toString()).then((answer) => ws.send(answer)));
      });
    };
    void fromUpgrade(visits, request, options).then((live) => {
      if (live.session.isNew) socket.end("HTTP/1.1 401 Unauthorized\r\n\r\n");
      else accept(live);
    });
  });
  const url = await listen(server);
  return async (cookie) => {
    const ws = new WebSocket(url.replace("http", "ws"), { headers: cookie === undefined ? {} : { cookie } });
    closing.push(() => ws.terminate());
    await once(ws, "open");
    const ended = once(ws, "close").then(([, reason]) => String(reason));
    const ask = async (text: string) => {
      ws.send(text);
      const [answer] = (await once(ws, "message")) as [Buffer];
      return answer.toString();
    };
    return { ask, ended };
  };
};

const overSocketIo: Kind = async (visits, options) => {
  const server = createServer();
  const sockets = new SocketIo(server);
  closing.push(() => sockets.close());
  sockets.use((socket, next) => {
    const accept = (live: Live<Data>) => {
      Object.assign(socket.data as object, { live });
      next(live.session.isNew ? new Error("401") : undefined);
    };
    void fromUpgrade(visits, socket.request, options).then(accept);
  });
  sockets.on("connection", (socket) => {
    const { live } = socket.data as { live: Live<Data> };
    live.onRevoked(() => {
      socket.emit("revoked");
      socket.disconnect(true);
    });
    socket.on("disconnect", () => live.close());
    socket.on("ask", (text: string, reply: (answer: string) => void) => void answerTo(live, text).then(reply));
  });
  const url = await listen(server);
  return async (cookie) => {
    const socket: Socket = io(url, {
      forceNew: true,
      reconnection: false,
      extraHeaders: cookie === undefined ? {} : { cookie },
    });
    closing.push(() => socket.disconnect());
    const ended = new Promise<string>((resolve) => socket.on("revoked", () => resolve("revoked")));
    await new Promise<void>((resolve, reject) => {
      socket.on("connect", resolve);
      socket.on("connect_error", reject);
    });
    return { ended, ask: (text) => socket.emitWithAck("ask", text) as Promise<string> };
  };
};

const PAIRS: Record<string, Kind> = { ws: overWs, "Socket.IO": overSocketIo };

/** Gives a store as often as it is asked for: each as another process would have it. */
type Place = () => Promise<Store> | Store;

function testPlace(open: () => Place | Promise<Place>, waysToTell: Record<string, UpgradeOptions>): void {
  const visitsOver = (store: Store) => sessions<Data>({ store, keys: { current: KEY } });

  /** A visitor with a session and a connection, and another process. */
  async function visit(kind: Kind, options: UpgradeOptions) {
    const place = await open();
    const visits = visitsOver(await place());
    const other = new Visitor(visitsOver(await place()));
    await other.visit((session) => Object.assign(session, { user: "ada" }));
    const connect = await kind(visits, options);
    return { connect, other, browser: Object.assign(new Visitor(visits), { cookie: other.cookie }) };
  }

  describe.each(Object.entries(PAIRS))("%s", (_name, kind) => {
    test("reads the session, sees what others change, and saves exactly", async () => {
      const { connect, other, browser } = await visit(kind, {});
      const [one, two] = await Promise.all([connect(browser.cookie), connect(browser.cookie)]);
      expect(await one.ask("user")).toBe("ada");
      await other.visit((session) => void (session["user"] = "grace"));
      expect(await one.ask("user")).toBe("grace");
      for (let round = 0; round < 3; round++) await Promise.all([one.ask("count"), two.ask("count")]);
      expect((await other.open())["n"]).toBe(6);
    });

    test("lets nobody in without a session", async () => {
      const { connect } = await visit(kind, {});
      for (const cookie of [undefined, "sid=nonsense"]) await expect(connect(cookie)).rejects.toThrow("401");
    });

    test("is told of an end in its own process", async () => {
      const { connect, browser } = await visit(kind, { pollEvery: 3600 });
      const [one, two] = await Promise.all([connect(browser.cookie), connect(browser.cookie)]);
      await browser.visit((session) => session.destroy());
      expect(await Promise.all([one.ended, two.ended])).toEqual(["revoked", "revoked"]);
    });

    test.each(Object.entries(waysToTell))("is told of an end elsewhere, %s", async (_how, options) => {
      const { connect, other, browser } = await visit(kind, options);
      const [one, two] = await Promise.all([connect(browser.cookie), connect(browser.cookie)]);
      await other.visit((session) => session.regenerate());
      expect(await Promise.all([one.ended, two.ended])).toEqual(["revoked", "revoked"]);
    });
  });
}

const POLLED = { "by a look now and then": { pollEvery: 0.02 } };
const TOLD = { "by word of the store alone": { pollEvery: 3600 } };

describe("connections over memory", () => {
  testPlace(() => {
    const store = memoryStore();
    return () => store;
  }, POLLED);
});

describe("connections over files", () => {
  testPlace(() => {
    const directory = temporaryDirectory();
    return () => fileStore({ directory });
  }, POLLED);
});

describe.skipIf(!has("redis"))("connections over Redis", () => {
  let url: string;
  beforeAll(async () => {
    ({ url } = await engine("redis"));
  });

  const lend = async () => (await untilTheEnd(connected(createClient({ url, RESP: 3, emitInvalidate: true })))).client;

  describe("that tells of changes", () => {
    testPlace(
      () => async () => {
        const client = await lend();
        return redisStore(client, { tracking: client });
      },
      { ...TOLD, ...POLLED },
    );
  });

  describe("that tells of changes to a near copy", () => {
    testPlace(
      () => async () => {
        const client = await lend();
        return cachedStore(memoryStore(), redisStore(client, { tracking: client }));
      },
      TOLD,
    );
  });
});

describe("server-sent events", () => {
  /** Tells of each change that it makes, and of the end. */
  async function stream(visits: Visits, request: IncomingMessage, response: ServerResponse) {
    const live = await fromUpgrade(visits, request);
    if (live.session.isNew) return response.writeHead(401).end();
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(`data: ${String(live.session["user"])}\n\n`);
    live.onRevoked(() => response.end("event: revoked\ndata:\n\n"));
    response.on("close", () => live.close());
    for (let round = 0; round < 2; round++) response.write(`data: ${await answerTo(live, "count")}\n\n`);
    return response;
  }

  const HOSTS: Record<string, (visits: Visits) => RequestListener> = {
    "node:http, without an adapter": (visits) => (request, response) => void stream(visits, request, response),
    "node:http": (visits) => nodeSession(visits, (request, response) => stream(visits, request, response)),
    Express: (visits) => {
      const app = express();
      app.use(expressSession(visits));
      app.get("/", (request, response) => stream(visits, request, response));
      return app;
    },
  };

  test.each(Object.entries(HOSTS))("over %s: tell, save and end with the session", async (_name, host) => {
    const visits = sessions<Data>({ store: memoryStore(), keys: { current: KEY } });
    const browser = new Visitor(visits);
    await browser.visit((session) => Object.assign(session, { user: "ada" }));
    const url = await listen(createServer(host(visits)));
    const refused = await fetch(url);
    expect([refused.status, await refused.text()]).toEqual([401, ""]);

    const response = await fetch(url, { headers: { cookie: browser.cookie ?? "" } });
    const events = [];
    for await (const chunk of response.body ?? []) {
      const lines = Buffer.from(chunk).toString().split("\n\n").filter(Boolean);
      events.push(...lines);
      if (lines.includes("data: 2")) await browser.visit((session) => session.destroy());
    }
    expect(events).toEqual(["data: ada", "data: 1", "data: 2", "event: revoked\ndata:"]);
  });
});
