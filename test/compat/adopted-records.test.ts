import { randomUUID } from "node:crypto";
import type { RequestListener } from "node:http";
import fastifyCookie from "@fastify/cookie";
import { afterEach, describe, expect, test } from "vitest";
import { expressSession } from "../../src/compat/express-session.ts";
import { type FastifySessionOptions, fastifySession } from "../../src/compat/fastify-session.ts";
import type { FormerReader } from "../../src/former.ts";
import { eventsOf } from "../core/helpers.ts";
import { type Records, expressSessionApp, fastifySessionApp, records } from "./applications.ts";
import { testReader } from "./common.ts";
import { closeAll, dataOf, loggedIn, site, userOf } from "./site.ts";

const SECRETS: [string, string] = ["the old application's newer secret", "the old application's older secret"];
const HOUR = 3600_000;

interface Kind {
  name: string;
  cookie: string;
  start(options: { store: Records; secret?: unknown; cookie?: object }): RequestListener | Promise<RequestListener>;
  reader(store: Records): FormerReader;
}

const KINDS: Kind[] = [
  {
    name: "express-session",
    cookie: "connect.sid",
    start: (options) => expressSessionApp({ secret: SECRETS, ...options }),
    reader: (store) => expressSession({ secret: SECRETS, store }),
  },
  {
    name: "@fastify/session",
    cookie: "sessionId",
    start: ({ cookie, ...options }) => {
      return fastifySessionApp({ secret: SECRETS, ...options, cookie: { secure: false, ...cookie } });
    },
    reader: (store) => fastifySession({ secret: SECRETS, store }),
  },
];

afterEach(closeAll);

describe.each(KINDS)("$name", ({ start, reader, cookie }) => {
  testReader(async () => {
    const store = records();
    return { old: await start({ store }), reader: reader(store), shares: true, names: [cookie] };
  });

  test("an id that an older secret signed is read", async () => {
    const store = records();
    const ours = await site({ readers: [reader(store)] });
    const { ada } = await loggedIn(ours, await start({ store, secret: SECRETS.slice(1) }));
    expect(userOf(await ada.visit("/"))).toBe("ada");
  });

  test("the old record is removed, so that the old application knows the session no more", async () => {
    const store = records();
    const ours = await site({ readers: [reader(store)] });
    const old = await start({ store });
    const { ada, former } = await loggedIn(ours, old);
    await ada.visit("/");
    const page = await ours.old(old, () => ours.visitor().visit("/", { cookie: former }));
    expect(dataOf(page)).toEqual({});
  });

  test("a record is read to its end, and no longer", async () => {
    const store = records();
    const ours = await site({ readers: [reader(store)] });
    const old = await start({ store, cookie: { maxAge: HOUR } });
    const [ada, late] = [await loggedIn(ours, old), await loggedIn(ours, old)];
    ours.clock.advance(HOUR - 60_000);
    const page = await ours.visitor().visit("/", { cookie: ada.former });
    expect(userOf(page)).toBe("ada");
    expect(page.setCookies.find((line) => line.startsWith("sid="))).toContain("Expires=");
    ours.clock.advance(120_000);
    expect(userOf(await ours.visitor().visit("/", { cookie: late.former }))).toBeUndefined();
  });

  test("a well-signed id without a record is nobody's", async () => {
    const ours = await site({ readers: [reader(records())] });
    const { ada } = await loggedIn(ours, await start({ store: records() }));
    expect(userOf(await ada.visit("/"))).toBeUndefined();
  });

  test("an outage of the old store is no logout", async () => {
    const store = records();
    const ours = await site({ readers: [reader(store)] });
    const { ada, former } = await loggedIn(ours, await start({ store }));
    const { get } = store;
    store.get = (_id, done) => done(new Error("away"));
    expect((await ada.visit("/")).status).toBe(503);
    expect(ada.cookies()).toBe(former);
    store.get = get;
    expect(userOf(await ada.visit("/"))).toBe("ada");
  });

  test("an old record that cannot be removed brings no session back", async () => {
    const store = records();
    const ours = await site({ readers: [reader(store)] });
    const { ada, former } = await loggedIn(ours, await start({ store }));
    store.destroy = (_id, done) => done?.(new Error("away"));
    const events = await eventsOf(async () => expect(userOf(await ada.visit("/"))).toBe("ada"));
    expect(events.map(({ type }) => type)).toEqual(["failed"]);
    await ada.visit("/logout");
    expect(userOf(await ada.visit("/", { cookie: former }))).toBeUndefined();
  });

  test("an id told in other characters is the same id", async () => {
    const store = records();
    const ours = await site({ readers: [reader(store)] });
    const { ada, former } = await loggedIn(ours, await start({ store }));
    store.destroy = (_id, done) => done?.();
    await ada.visit("/");
    await ada.visit("/logout");
    const copy = decodeURIComponent(former).replace(".", "%2E");
    expect(userOf(await ours.visitor().visit("/", { cookie: copy }))).toBeUndefined();
  });
});

test("@fastify/session's prefix is taken off", async () => {
  const store = records();
  const reader = fastifySession({ secret: SECRETS, store, cookiePrefix: "s:", cookieName: "connect.sid" });
  const ours = await site({ readers: [reader] });
  const old = await fastifySessionApp({ secret: SECRETS, store, cookiePrefix: "s:", cookieName: "connect.sid" });
  const { ada } = await loggedIn(ours, old);
  expect(userOf(await ada.visit("/"))).toBe("ada");
});

describe("@fastify/session", () => {
  const signer = new fastifyCookie.Signer(SECRETS, "sha384");
  const own = {
    sign: (id: string) => `${id}!${id.length}`,
    unsign(signed: string) {
      const [, id, length] = /^(.*)!([0-9]+)$/.exec(signed) ?? [];
      if (id === undefined) throw new Error("the application's own signer expects its own");
      return { valid: id.length === Number(length), value: id };
    },
  };

  interface Options {
    secret: FastifySessionOptions["secret"];
    algorithm?: string;
    idGenerator?: () => string;
  }
  const cases: [string, Options][] = [
    ["a secret in bytes", { secret: [Buffer.from(SECRETS[0])] }],
    ["another algorithm", { secret: SECRETS, algorithm: "sha512" }],
    ["a signer of @fastify/cookie", { secret: signer }],
    ["a signer of its own", { secret: own }],
    ["ids of its own", { secret: SECRETS, idGenerator: () => `visitor.${randomUUID()}` }],
  ];
  test.each(cases)("signed by %s is read, and no forgery of it", async (_name, options) => {
    const { idGenerator: _own, ...given } = options;
    const store = records();
    const ours = await site({ readers: [fastifySession({ ...given, store })] });
    const { ada, former } = await loggedIn(ours, await fastifySessionApp({ store, ...options }));
    const resigned = former.slice(0, -1) + (former.endsWith("7") ? "8" : "7");
    for (const cookie of [resigned, former.replace("=", "=x"), "sessionId=x"]) {
      expect(userOf(await ours.visitor().visit("/", { cookie }))).toBeUndefined();
    }
    expect(userOf(await ada.visit("/"))).toBe("ada");
  });
});
