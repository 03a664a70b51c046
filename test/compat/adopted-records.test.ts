import type { RequestListener } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { expressSession } from "../../src/compat/express-session.ts";
import { fastifySession } from "../../src/compat/fastify-session.ts";
import type { FormerReader } from "../../src/former.ts";
import { eventsOf } from "../core/helpers.ts";
import { type Records, expressSessionApp, fastifySessionApp, records } from "./applications.ts";
import { testReader } from "./common.ts";
import { closeAll, dataOf, loggedIn, site, userOf } from "./site.ts";

const SECRETS = ["the old application's newer secret", "the old application's older secret"];
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
