import { getIronSession, sealData } from "iron-session";
import { afterEach, describe, expect, test } from "vitest";
import { ironSession } from "../../src/compat/iron-session.ts";
import { ironSessionApp } from "./applications.ts";
import { testReader } from "./common.ts";
import { type Data, closeAll, loggedIn, site, userOf } from "./site.ts";

const PASSWORD = "a password of the old application's";
const NEWER = "another password of the old application's";

afterEach(closeAll);

describe("iron-session", () => {
  testReader(() => ({
    old: ironSessionApp({ password: PASSWORD }),
    reader: ironSession({ cookieName: "iron", password: PASSWORD }),
    shares: true,
    names: ["iron"],
  }));

  test("a seal of any password of the map is read", async () => {
    const password = { 1: PASSWORD, 2: NEWER };
    const ours = await site({ readers: [ironSession({ cookieName: "iron", password })] });
    for (const old of [{ 1: PASSWORD }, password]) {
      const { ada } = await loggedIn(ours, ironSessionApp({ password: old }));
      expect(userOf(await ada.visit("/"))).toBe("ada");
    }
  });

  test("a seal of a password that was taken out is nobody's", async () => {
    const ours = await site({ readers: [ironSession({ cookieName: "iron", password: { 2: NEWER } })] });
    const { ada } = await loggedIn(ours, ironSessionApp({ password: { 1: PASSWORD } }));
    expect(userOf(await ada.visit("/"))).toBeUndefined();
  });

  test.each([
    ["with an age, outlives it", {}, {}, true],
    ["without an age, ends with it", { cookieOptions: { maxAge: undefined } }, { permanent: false }, false],
  ])("a session of a browser that came %s", async (_name, options, given, lasts) => {
    const ours = await site({ readers: [ironSession({ cookieName: "iron", password: PASSWORD, ...given })] });
    const { ada } = await loggedIn(ours, ironSessionApp({ password: PASSWORD, ...options }));
    const line = (await ada.visit("/")).setCookies.find((one) => one.startsWith("sid="));
    expect(line?.includes("Expires=")).toBe(lasts);
  });

  test("a seal that was put into a framework's store of cookies is read", async () => {
    const jar = new Map<string, string>();
    const cookies = {
      get: (name: string) => ({ name, value: jar.get(name) ?? "" }),
      set: (name: string, value: string) => void jar.set(name, value),
    };
    const session = await getIronSession<Data>(cookies as never, { cookieName: "iron", password: PASSWORD });
    session["user"] = "ada";
    await session.save();
    const ours = await site({ readers: [ironSession({ cookieName: "iron", password: PASSWORD })] });
    const cookie = `iron=${encodeURIComponent(jar.get("iron") ?? "")}`;
    expect(userOf(await ours.visitor().visit("/", { cookie }))).toBe("ada");
  });

  test("a seal is read to its end, and as long after it as iron-session would", async () => {
    const ours = await site({ readers: [ironSession({ cookieName: "iron", password: PASSWORD })] });
    const old = ironSessionApp({ password: PASSWORD, ttl: 100 });
    const [ada, late] = [await loggedIn(ours, old), await loggedIn(ours, old)];
    for (const { former, after, user } of [
      { ...ada, after: 59_999, user: "ada" },
      { ...late, after: 60_000, user: undefined },
    ]) {
      const end = Number(former.split("*")[5]);
      ours.clock.advance(end + after - ours.clock.now());
      expect(userOf(await ours.visitor().visit("/", { cookie: former }))).toBe(user);
    }
  });

  test("a seal that never ends is read", async () => {
    const ours = await site({ readers: [ironSession({ cookieName: "iron", password: PASSWORD })] });
    const { ada } = await loggedIn(ours, ironSessionApp({ password: PASSWORD, ttl: 0 }));
    expect(userOf(await ada.visit("/"))).toBe("ada");
  });

  test("a seal from before iron-session told its version holds the data under `persistent`", async () => {
    const ours = await site({ readers: [ironSession({ cookieName: "iron", password: PASSWORD })] });
    const sealed = await sealData({ persistent: { user: "ada" }, flash: {} }, { password: PASSWORD });
    const cookie = `iron=${sealed.replace("~2", "")}`;
    expect(userOf(await ours.visitor().visit("/", { cookie }))).toBe("ada");
  });

  test("a version put behind a seal makes no second session of it", async () => {
    const ours = await site({ readers: [ironSession({ cookieName: "iron", password: PASSWORD })] });
    const { ada, former } = await loggedIn(ours, ironSessionApp({ password: PASSWORD }));
    await ada.visit("/");
    await ada.visit("/logout");
    for (const copy of [`${former}~1`, former.replace("~2", "%7E2"), former.replaceAll("*", "%2A")]) {
      expect(userOf(await ours.visitor().visit("/", { cookie: copy }))).toBeUndefined();
    }
  });
});
