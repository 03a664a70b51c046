import { EventEmitter } from "node:events";
import { inherits } from "node:util";
import expressSession from "express-session";
import { expect, test } from "vitest";
import { Cookie, MemoryStore, Session, session } from "../../../src/adapters/express-session.ts";
import { browser } from "../../../src/testing/browser.ts";
import { listen } from "../servers.ts";
import { type Request, SECRET, act, site } from "./rig.ts";

/** A store that counts what it is asked. */
class CountingStore extends MemoryStore {
  readonly asked: string[] = [];
  override set(...args: Parameters<MemoryStore["set"]>): void {
    this.asked.push("set");
    super.set(...args);
  }
  override touch(...args: Parameters<MemoryStore["touch"]>): void {
    this.asked.push("touch");
    super.touch(...args);
  }
  override destroy(...args: Parameters<MemoryStore["destroy"]>): void {
    this.asked.push("destroy");
    super.destroy(...args);
  }
}

/** What the store is asked when a browser that has a session visits this handler. */
async function askedBy(handler: (request: Request) => unknown): Promise<string[]> {
  const store = new CountingStore();
  const { tab } = await site({ store, unset: "destroy" }, async (request, response) => {
    if (request.url !== "/handler") return act(request, response);
    await new Promise((sent) => response.write("begun, ", sent));
    handler(request);
    return response.end("ended");
  });
  const browsing = tab();
  await browsing.visit("/set/a/1");
  store.asked.length = 0;
  await browsing.visit("/handler");
  return store.asked;
}

test("a session that is saved by hand while the response ends is written once", async () => {
  const store = new CountingStore();
  const { tab } = await site({ store }, (request, response) => {
    request.session["a"] = 1;
    void request.session.save();
    response.end();
  });
  await tab().visit("/");
  expect(store.asked).toEqual(["set"]);
});

test("a body that begins early costs no second touch, and no second end", async () => {
  expect(await askedBy(() => undefined)).toEqual(["touch"]);
  expect(await askedBy((request) => Reflect.set(request, "session", null))).toEqual(["touch", "destroy"]);
  expect(await askedBy((request) => request.session.destroy())).toEqual(["touch", "destroy"]);
  expect(await askedBy((request) => (request.session["a"] = 2))).toEqual(["touch", "set"]);
});

test("a session without an id that is a text is not kept", async () => {
  const store = new MemoryStore();
  const { tab } = await site({ store, saveUninitialized: true }, (request, response) => {
    Reflect.set(request, "sessionID", () => "id");
    response.end("answered");
  });
  const { text, setCookies } = await tab().visit("/");
  expect([text, setCookies, Object.keys(store.sessions)]).toEqual(["answered", [], []]);
});

test("the end of a stored cookie is a date again", async () => {
  const { tab } = await site({ cookie: { maxAge: 60_000 } }, (request, response) => {
    request.session["a"] = 1;
    const { expires, maxAge, originalMaxAge } = request.session.cookie;
    response.end(`${expires instanceof Date} ${typeof maxAge} ${originalMaxAge}`);
  });
  const browsing = tab();
  await browsing.visit("/");
  expect((await browsing.visit("/")).text).toBe("true number 60000");
});

test("a cookie that is told of no original life has the one that it is given", () => {
  expect(new Cookie({ expires: null, originalMaxAge: null }).originalMaxAge).toBe(null);
  expect(new Cookie({ maxAge: 5000, originalMaxAge: null }).originalMaxAge).toBeGreaterThan(4000);
  expect(() => new Cookie("5000" as never)).toThrow("argument options must be a object");
  expect(() => new Cookie({ maxAge: "5000" })).toThrow("maxAge must be a number or Date");
});

test("the path of a request to a proxy is the one behind the host", async () => {
  const middleware = session({ secret: SECRET, resave: false, saveUninitialized: true, cookie: { path: "/shop" } });
  const { url, close } = await listen((request, response) => {
    request.url = `http://shop.example${request.url}`;
    middleware(request, response, () => void response.end(typeof (request as Request).session));
  });
  expect((await browser(url).visit("/shop?a")).text).toBe("object");
  expect((await browser(url).visit("/")).text).toBe("undefined");
  await close();
});

test("a store made of express-session's class makes sessions of ours, unless it makes its own", async () => {
  const { tab } = await site({ store: new expressSession.MemoryStore() }, async (request, response) => {
    request.session["a"] = 1;
    await request.session.save();
    response.end(String(request.session instanceof Session));
  });
  const browsing = tab();
  await browsing.visit("/");
  expect((await browsing.visit("/")).text).toBe("true");
  class Own extends EventEmitter {
    get = () => undefined;
    set = () => undefined;
    destroy = () => undefined;
    createSession(): string {
      return "its own";
    }
  }
  const store = new Own();
  session({ secret: SECRET, resave: false, saveUninitialized: false, store });
  expect(store.createSession()).toBe("its own");
});

test("a store that is older than classes gets what its class makes", () => {
  function Old(this: object) {
    (MemoryStore as unknown as () => void).call(this);
  }
  inherits(Old, MemoryStore);
  expect(Reflect.construct(Old, [])).toHaveProperty("sessions", {});
});
