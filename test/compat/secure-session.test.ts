import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, test } from "vitest";
import { secureSession } from "../../src/compat/secure-session.ts";
import { keyOf, openBox, secureSessionApp } from "./applications.ts";
import { testReader } from "./common.ts";
import { closeAll, loggedIn, site, userOf } from "./site.ts";

const [KEY, OLDER] = [randomBytes(32), randomBytes(32)];

afterEach(closeAll);

describe("@fastify/secure-session", () => {
  testReader(async () => ({
    old: await secureSessionApp({ key: KEY }),
    reader: secureSession({ key: KEY, open: openBox }),
    shares: true,
    names: ["session"],
  }));

  test("a box of an older key is read, whether its library answers with nothing or throws", async () => {
    const throwing: typeof openBox = (...box) => {
      const bytes = openBox(...box);
      if (!bytes) throw new Error("wrong secret key for the given ciphertext");
      return bytes;
    };
    for (const open of [openBox, throwing]) {
      const ours = await site({ readers: [secureSession({ key: [KEY.toString("base64"), OLDER], open })] });
      const { ada } = await loggedIn(ours, await secureSessionApp({ key: OLDER }));
      expect(userOf(await ada.visit("/"))).toBe("ada");
    }
  });

  test("a key that the plugin made of a secret is made again by sodium-native", async () => {
    const secret = "a secret of the old application's";
    const ours = await site({ readers: [secureSession({ key: keyOf(secret), open: openBox })] });
    const { ada } = await loggedIn(ours, await secureSessionApp({ secret }));
    expect(userOf(await ada.visit("/"))).toBe("ada");
  });

  const SECRET = "a secret of the old application's, long";
  const SALT = "sixteen letters.";
  const [one, two] = [KEY.toString("base64"), OLDER.toString("base64")];
  const besides = { cookie: { signed: true } };
  const bySodium = keyOf(SECRET, Buffer.from(SALT, "ascii"));

  test.each([
    ["a key in base64", { key: one }, { key: one }],
    ["the first of several keys", { key: [one, OLDER] }, { key: [two, one] }],
    ["a secret and a salt", { secret: SECRET, salt: SALT }, { key: bySodium }],
    ["a secret and the bytes of a salt", { secret: SECRET, salt: Buffer.from(SALT) }, { key: bySodium }],
    ["a key beside a secret, which counts for nothing", { key: KEY, secret: SECRET }, { key: KEY }],
    ["another name of the cookie", { key: KEY, cookieName: "app" }, { key: KEY, cookieName: "app" }],
    ["another name of the session", { key: KEY, sessionName: "app" }, { key: KEY, cookieName: "app" }],
    ["both", { key: KEY, sessionName: "app", cookieName: "its" }, { key: KEY, cookieName: "its" }],
  ])("a session that was made with %s is read", async (_name, options, given) => {
    const ours = await site({ readers: [secureSession({ ...given, open: openBox })] });
    const { ada } = await loggedIn(ours, await secureSessionApp(options));
    expect(userOf(await ada.visit("/"))).toBe("ada");
    expect(ada.cookies()).toMatch(/^sid=[^;]+$/);
  });

  test.each([
    ["by a secret of @fastify/cookie", { key: KEY, ...besides }, { secret: "the application's own" }],
    ["by what the plugin makes of its key", { key: KEY, ...besides }, false],
    ["by the plugin's secret", { secret: SECRET, ...besides }, false],
  ] as const)("a box that was signed besides, %s, is read, and once", async (_name, options, cookies) => {
    const ours = await site({ readers: [secureSession({ key: [KEY, keyOf(SECRET)], open: openBox })] });
    const { ada, former } = await loggedIn(ours, await secureSessionApp(options, cookies));
    expect(decodeURIComponent(former)).toMatch(/^session=[^.]+;[^.]+\.[^.]+$/);
    expect(userOf(await ada.visit("/"))).toBe("ada");
    await ada.visit("/logout");
    for (const copy of [former, former.replace(/\..*/, ""), `${former}x`]) {
      expect(userOf(await ours.visitor().visit("/", { cookie: copy }))).toBeUndefined();
    }
  });

  test("a session is read to its end, and no longer", async () => {
    const ours = await site({ readers: [secureSession({ key: KEY, open: openBox, expiry: 3600 })] });
    const old = await secureSessionApp({ key: KEY, expiry: 3600 });
    const [ada, late] = [await loggedIn(ours, old), await loggedIn(ours, old)];
    ours.clock.advance(3540_000);
    expect(userOf(await ours.visitor().visit("/", { cookie: ada.former }))).toBe("ada");
    ours.clock.advance(120_000);
    expect(userOf(await ours.visitor().visit("/", { cookie: late.former }))).toBeUndefined();
  });

  test("another spelling of the base64 makes no second session", async () => {
    const ours = await site({ readers: [secureSession({ key: KEY, open: openBox })] });
    const { ada, former } = await loggedIn(ours, await secureSessionApp({ key: KEY }));
    await ada.visit("/");
    await ada.visit("/logout");
    const plain = decodeURIComponent(former);
    for (const copy of [plain.replaceAll("=", "").replace("session", "session="), plain.replaceAll("+", "-")]) {
      const cookie = `session=${encodeURIComponent(copy.slice("session=".length))}`;
      expect(userOf(await ours.visitor().visit("/", { cookie }))).toBeUndefined();
    }
  });
});
