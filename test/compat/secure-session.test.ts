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
