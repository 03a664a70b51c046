import { describe, expect, test } from "vitest";
import { flaskSession } from "../../src/flask/flask.ts";
import { settingsOf } from "../../src/flask/config.ts";
import { eventsOf, setCookies, anonymous } from "../core/helpers.ts";

describe("flaskSession", () => {
  test.each([
    [{ SESSION_TPYE: "redis" }, /SESSION_TPYE is no key of Flask or Flask-Session; did you mean SESSION_TYPE\?/],
    [{ SESSION_COOKIE_SAME_SITE: "Lax" }, /did you mean SESSION_COOKIE_SAMESITE\?/],
    [{ SESSION_DYNAMODB_TABLE_NAME: "x" }, /did you mean SESSION_DYNAMODB_TABLE\?/],
    [{ SESSION_TYPE: "rediss" }, /SESSION_TYPE "rediss" is unknown; use redis, filesystem, .*null/],
    [{ SESSION_TYPE: "mongodb" }, /SESSION_TYPE "mongodb" needs a store that this version of flagon has not/],
    [{ SESSION_CACHELIB: "redis" }, /SESSION_CACHELIB is "redis"; give an object/],
    [{ SESSION_CLEANUP_N_REQUESTS: 1.5 }, /SESSION_CLEANUP_N_REQUESTS is 1.5; give a whole number from 0/],
    [{ SESSION_TYPE: 5 }, /SESSION_TYPE is 5; give a text/],
    [{ SESSION_TYPE: "redis", SESSION_REDIS: 7 }, /SESSION_REDIS is 7; give a client or a URL/],
    [
      { SESSION_TYPE: "redis", SESSION_SERIALIZATION_FORMAT: "pickle" },
      /SESSION_SERIALIZATION_FORMAT is "pickle"; give 'msgpack' or 'json'/,
    ],
    [{ SESSION_TYPE: "redis", SESSION_ID_LENGTH: 0 }, /SESSION_ID_LENGTH is 0; give a whole number of bytes/],
    [
      { SESSION_TYPE: "redis", PERMANENT_SESSION_LIFETIME: 0 },
      /PERMANENT_SESSION_LIFETIME is 0; SESSION_TYPE redis needs at least 1 second/,
    ],
    [
      { SESSION_TYPE: "mongodb", PERMANENT_SESSION_LIFETIME: 0 },
      /PERMANENT_SESSION_LIFETIME is 0; SESSION_TYPE mongodb needs at least 0.001 second/,
    ],
    [{ SESSION_TYPE: "redis", SESSION_USE_SIGNER: true }, /SECRET_KEY must be set when SESSION_USE_SIGNER=True/],
    [
      { SECRET_KEY: "dev", PERMANENT_SESSION_LIFETIME: "a month" },
      /PERMANENT_SESSION_LIFETIME is "a month"; give a number/,
    ],
    [{ SECRET_KEY: "dev", SESSION_COOKIE_SECURE: "maybe" }, /SESSION_COOKIE_SECURE is "maybe"; give true or false/],
    [{ SECRET_KEY: "dev", SESSION_COOKIE_SAMESITE: "bogus" }, /SameSite must be 'Strict', 'Lax', or 'None'/],
    [{ SECRET_KEY: 5 }, /SECRET_KEY is number; give a text or bytes/],
    [{ SECRET_KEY: "dev", SECRET_KEY_FALLBACKS: 5 }, /SECRET_KEY_FALLBACKS is number; give a list/],
    [
      { SESSION_TYPE: "filesystem", SESSION_FILE_MODE: "rw" },
      /SESSION_FILE_MODE is "rw"; give permissions such as 0o600/,
    ],
  ])("refuses %o, and says what would do", (config, message) => {
    expect(() => flaskSession(config)).toThrow(
      expect.objectContaining({ code: "CONFIG", message: expect.stringMatching(message) as string }),
    );
  });

  test("never tells a secret", () => {
    const config = { SECRET_KEY: "hunter2", SECRET_KEY_FALLBACKS: { old: "hunter2" } };
    expect(() => flaskSession(config as never)).toThrow(expect.not.stringContaining("hunter2"));
  });

  test("reads an environment, whatever else is in it", () => {
    const settings = settingsOf({
      PATH: "/usr/bin",
      SESSION_MANAGER: "local/desktop:@/tmp/.ICE-unix/1",
      SECRET_KEY: "dev",
      SECRET_KEY_FALLBACKS: "old,older",
      PERMANENT_SESSION_LIFETIME: "3600",
      SESSION_TYPE: "",
      SESSION_PERMANENT: "False",
      SESSION_USE_SIGNER: "1",
      SESSION_COOKIE_SECURE: "true",
      SESSION_COOKIE_DOMAIN: "",
      SESSION_FILE_MODE: "0o640",
      SESSION_REDIS: "redis://localhost:6379/1",
      SESSION_ID_LENGTH: "16",
    });
    expect(settings).toMatchObject({
      secretKey: "dev",
      fallbacks: ["old", "older"],
      lifetime: 3600,
      type: undefined,
      permanent: false,
      useSigner: true,
      cookieSecure: true,
      cookieDomain: undefined,
      fileMode: 0o640,
      redis: "redis://localhost:6379/1",
      idLength: 16,
    });
  });

  test("has Flask's and Flask-Session's defaults", () => {
    expect(settingsOf({})).toEqual({
      secretKey: undefined,
      fallbacks: [],
      lifetime: 2_678_400,
      refreshEachRequest: true,
      cookieName: "session",
      cookieDomain: undefined,
      cookiePath: "/",
      cookieHttpOnly: true,
      cookieSecure: false,
      cookieSameSite: undefined,
      cookiePartitioned: false,
      maxCookieSize: 4093,
      type: undefined,
      permanent: true,
      useSigner: false,
      keyPrefix: "session:",
      idLength: 32,
      format: "msgpack",
      redis: "redis://localhost:6379",
      fileDirectory: "flask_session",
      fileMode: 0o600,
      memcached: "127.0.0.1:11211",
      cachelib: undefined,
      mongodb: "mongodb://localhost:27017",
      mongodbDatabase: "flask_session",
      mongodbCollection: "sessions",
      sqlalchemy: undefined,
      sqlalchemyTable: "sessions",
      sqlalchemySchema: undefined,
      sqlalchemySequence: undefined,
      postgresql: undefined,
      postgresqlTable: "flask_sessions",
      postgresqlSchema: "public",
      dynamodb: "http://localhost:8000",
      dynamodbTable: "Sessions",
      dynamodbTableExists: false,
      cleanupNRequests: 0,
    });
  });
});

describe("without a key or with the type null", () => {
  test.each([
    [{}, /no secret key was set\. {2}Set the secret_key/],
    [{ SECRET_KEY: "" }, /no secret key was set/],
    [{ SECRET_KEY: "dev", SESSION_TYPE: "NULL" }, /SESSION_TYPE is null; set it to redis or filesystem/],
  ])("%o: reads find nothing, and every write throws", async (config, message) => {
    const sessions = flaskSession<Record<string, unknown>>(config);
    const session = await sessions.open({ cookie: "session=anything", secure: false });
    expect([
      session.get("user"),
      "user" in session,
      Object.keys(session),
      session.permanent,
      session.takeFlashes(),
    ]).toEqual([undefined, false, [], false, []]);
    const writes = [
      () => (session["user"] = "ada"),
      () => session.clear(),
      () => session.pop("user"),
      () => session.setDefault("user", "ada"),
      () => session.update("n", () => 1),
      () => session.flash("hello"),
      () => (session.permanent = true),
      () => session.regenerate(),
      () => session.destroy(),
    ];
    for (const write of writes)
      expect(write).toThrow(
        expect.objectContaining({ code: "READ_ONLY", message: expect.stringMatching(message) as string }),
      );
    expect((await sessions.save(session)).headers).toEqual([]);
  });
});

describe("Flask's signed cookie", () => {
  const sessions = () => flaskSession<Record<string, unknown>>({ SECRET_KEY: "dev" });

  test("over 4096 bytes is an error, since browsers drop it", async () => {
    const session = await sessions().open(anonymous);
    session["big"] = Array.from({ length: 3000 }, (_, n) => n * 7919);
    await expect(sessions().save(session)).rejects.toMatchObject({ code: "SIZE" });
  });

  test("finds nested changes", async () => {
    const first = await sessions().open(anonymous);
    first["cart"] = ["tea"];
    const cookie = setCookies(await sessions().save(first))[0]?.split(";")[0];
    const second = await sessions().open({ cookie, secure: false });
    (second["cart"] as string[]).push("milk");
    expect(setCookies(await sessions().save(second))).toHaveLength(1);
  });

  test("that is ours but damaged is no session and one event", async () => {
    const cookie = "session=bm8ganNvbg.ZjiB2Q.1111111111111111111111111aA";
    const events = await eventsOf(async () =>
      expect((await sessions().open({ cookie, secure: false })).isNew).toBe(true),
    );
    expect(events).toEqual([{ type: "rejected", reason: "forged" }]);
  });
});
