import { describe, expect, test } from "vitest";
import { type SessionsOptions, cookieSessions, sessions } from "../../src/index.ts";
import { memoryStore } from "../../src/stores/memory.ts";
import { KEY, setCookies, memorySessions, Visitor } from "./helpers.ts";

const good: SessionsOptions = { store: memoryStore(), keys: { current: KEY } };
const wrong = (options: object) => () => sessions({ ...good, ...options });

describe("a wrong option", () => {
  test.each([
    ["no keys", { keys: undefined }, /keys\.current is missing.*randomBytes\(32\)/],
    ["a short key", { keys: { current: "short" } }, /keys\.current has 5 bytes; give at least 32/],
    ["a short previous key", { keys: { current: KEY, previous: ["old"] } }, /keys\.previous\[0\] has 3 bytes/],
    ["a key of one letter", { keys: { current: "a".repeat(40) } }, /keys\.current can be guessed/],
    ["the key of a manual", { keys: { current: "keyboard cat keyboard cat keyboard cat" } }, /can be guessed/],
    ["a key that is no text", { keys: { current: 7 } }, /keys\.current is number/],
    ["no store", { store: undefined }, /store is no store; give memoryStore\(\)/],
    ["a store without verbs", { store: { get() {}, set() {} } }, /store is no store/],
    ["an idle time of nothing", { timeouts: { idle: 0 } }, /timeouts\.idle is 0; give a positive number of seconds/],
    ["an endless time", { timeouts: { absolute: Infinity } }, /timeouts\.absolute is Infinity/],
    ["a text for a time", { timeouts: { idle: "30m" } }, /timeouts\.idle is 30m/],
    ["an unknown codec", { codec: "yaml" }, /codec is yaml; give 'msgpack', 'json'/],
    ["a codec's own name of another's", { codec: "constructor" }, /codec is constructor/],
    ["an unknown conflict policy", { onConflict: "ours" }, /onConflict is ours; give 'mine', 'theirs', 'error'/],
    ["a timeout of nothing", { storeTimeout: 0 }, /storeTimeout is 0/],
    ["a misspelled option", { timeout: {} }, /sessions knows no option timeout; did you mean timeouts\?/],
    [
      "a misspelled attribute",
      { cookie: { samesite: "Lax" } },
      /cookie knows no option samesite; did you mean sameSite\?/,
    ],
    ["a misspelled timeout", { timeouts: { idel: 5 } }, /timeouts knows no option idel; did you mean idle\?/],
    [
      "a misspelled role",
      { keys: { current: KEY, prevoius: [] } },
      /keys knows no option prevoius; did you mean previous\?/,
    ],
    ["no codec", { codec: null }, /codec is null/],
    ["a cookie name with a line break", { cookie: { name: "a\r\nb" } }, /cookie name/],
    ["a domain that breaks out", { cookie: { domain: "x; HttpOnly" } }, /cookie domain/],
    ["an unknown SameSite", { cookie: { sameSite: "constructor" } }, /SameSite must be/],
    ["SameSite=None without https", { cookie: { sameSite: "None", secure: false } }, /needs https/],
    ["a __Host- name with a domain", { cookie: { name: "__Host-a", domain: "example.com" } }, /browsers drop it/],
    ["a __Secure- name without Secure", { cookie: { name: "__Secure-a" } }, /browsers drop it/],
  ])("is told at creation: %s", (_name, options, message) => {
    expect(wrong(options)).toThrow(
      expect.objectContaining({ code: "CONFIG", message: expect.stringMatching(message) as string }),
    );
  });

  test("never tells the key", () => {
    expect(wrong({ keys: { current: "hunter2" } })).toThrow(expect.not.stringContaining("hunter2"));
  });

  test("of cookie sessions is told as well", () => {
    expect(() => cookieSessions({ keys: { current: KEY }, format: "plain" as "signed" })).toThrow(/format is plain/);
    expect(() => cookieSessions({ keys: { current: KEY }, store: memoryStore() } as never)).toThrow(
      /knows no option store/,
    );
  });
});

describe("the cookie", () => {
  test("is a __Host- cookie over https, and a plain one over http", async () => {
    const { sessions: visits } = memorySessions();
    const overHttps = new Visitor(visits);
    overHttps.secure = true;
    const [line] = setCookies(await overHttps.visit((session) => (session["user"] = "ada")));
    expect(line).toMatch(/^__Host-sid=[\w-]{43}\.[\w-]{43}; Secure; HttpOnly; Path=\/; SameSite=Lax$/);
    expect((await overHttps.open())["user"]).toBe("ada");
    overHttps.secure = false;
    expect((await overHttps.open()).isNew).toBe(true);
  });

  test("has the attributes it was given", async () => {
    const { browser } = memorySessions({
      cookie: { name: "visit", domain: "example.com", path: "/app", sameSite: "Strict", httpOnly: false, secure: true },
    });
    const [line] = setCookies(await browser.visit((session) => (session["user"] = "ada")));
    expect(line).toMatch(/^visit=.*; Domain=example\.com; Secure; Path=\/app; SameSite=Strict$/);
    const [removal] = setCookies(await browser.visit((session) => session.destroy()));
    expect(removal).toBe(
      "visit=; Domain=example.com; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Secure; Path=/app; SameSite=Strict",
    );
  });
});
