import { afterEach, describe, expect, test } from "vitest";
import { cookieSession } from "../../src/compat/cookie-session.ts";
import { cookieSessionApp, keygripOf } from "./applications.ts";
import { testReader } from "./common.ts";
import { closeAll, dataOf, idsIn, loggedIn, site, userOf } from "./site.ts";

const KEYS = ["the old application's newer key", "the old application's older key"];

afterEach(closeAll);

describe("cookie-session", () => {
  testReader(() => ({
    old: cookieSessionApp({ keys: KEYS }),
    reader: cookieSession({ keys: KEYS }),
    shares: false,
    names: ["session", "session.sig"],
  }));

  test("a cookie that an older key signed is read", async () => {
    const ours = await site({ readers: [cookieSession({ keys: KEYS })] });
    const { ada } = await loggedIn(ours, cookieSessionApp({ keys: KEYS.slice(1) }));
    expect(userOf(await ada.visit("/"))).toBe("ada");
  });

  test.each([
    ["a single secret", { secret: KEYS[0] }, { keys: KEYS }],
    ["another name", { keys: KEYS, name: "app" }, { keys: KEYS, name: "app" }],
    [
      "keys of another algorithm",
      { keys: keygripOf(KEYS, "sha512", "hex") },
      { keys: KEYS, algorithm: "sha512", encoding: "hex" },
    ],
  ] as const)("a cookie that was made with %s is read", async (_name, options, given) => {
    const ours = await site({ readers: [cookieSession(given)] });
    const { ada } = await loggedIn(ours, cookieSessionApp({ ...options }));
    expect(userOf(await ada.visit("/"))).toBe("ada");
    expect(ada.cookies()).toMatch(/^sid=[^;]+$/);
  });

  test("two browsers whose cookies say the same get a session each", async () => {
    const ours = await site({ readers: [cookieSession({ keys: KEYS })] });
    const old = cookieSessionApp({ keys: KEYS });
    const [phone, desk] = [await loggedIn(ours, old), await loggedIn(ours, old)];
    expect(phone.former).toBe(desk.former);
    expect(idsIn([await phone.ada.visit("/count"), await desk.ada.visit("/")]).size).toBe(2);
    expect(dataOf(await desk.ada.visit("/"))).toEqual({ user: "ada", cart: ["tea"] });
  });

  test("a logout under a new id ends the old cookie, too", async () => {
    const ours = await site({ readers: [cookieSession({ keys: KEYS })] });
    const { ada, former } = await loggedIn(ours, cookieSessionApp({ keys: KEYS }));
    await ada.visit("/");
    await ada.visit("/regenerate");
    await ada.visit("/logout");
    expect(userOf(await ada.visit("/", { cookie: former }))).toBeUndefined();
  });
});
