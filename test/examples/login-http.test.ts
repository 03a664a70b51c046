import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { has, startRedis } from "../engines.ts";
import { type App, runApp, serving, startApp } from "./login-app.ts";
import { Visitor } from "./login-visitor.ts";

describe("the login example", () => {
  let app: App;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app.remove());

  const visitor = () => new Visitor(app.url);

  it("says where it listens, where sessions live, and whom to log in as", () => {
    const [first, second] = app.output().split("\n");
    expect(first).toBe(`Flagon login example: ${app.url} (sessions in files under .sessions/login)`);
    expect(second).toContain("ada / lovelace");
  });

  it("neither sets a cookie nor stores anything for whoever sees the home page", async () => {
    const folder = join(app.folder, ".sessions/login");
    const before = filesIn(folder);
    const answer = await visitor().get("/");
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(filesIn(folder)).toEqual(before);
  });

  it("begins a session with the first form", async () => {
    const answer = await visitor().get("/login");
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^session=[^;]+; HttpOnly; Path=\/; SameSite=Lax$/),
    ]);
  });

  it("serves static files without looking at the session", async () => {
    const someone = visitor();
    await someone.logIn();
    for (const path of ["/style.css", "/favicon.svg"]) {
      const answer = await someone.get(path);
      expect(answer.status).toBe(200);
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect(answer.headers.get("Vary") ?? "").not.toContain("Cookie");
    }
    expect((await someone.get("/favicon.ico")).headers.get("Location")).toBe("/favicon.svg");
  });

  it("answers HEAD as GET, without a body", async () => {
    const answer = await visitor().get("/", { method: "HEAD" });
    expect(answer.status).toBe(200);
    expect(Number(answer.headers.get("Content-Length"))).toBeGreaterThan(0);
    expect(await answer.text()).toBe("");
  });

  it("has a page for what is not there, and begins no session there", async () => {
    const answer = await visitor().get("/nowhere");
    expect(answer.status).toBe(404);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await answer.text()).toContain("There is no such page");
  });

  it("lets the browser run no script, and keep no page that tells of a visitor", async () => {
    const someone = visitor();
    await someone.logIn();
    for (const path of ["/", "/list", "/session"]) {
      const { headers } = await someone.get(path);
      expect(headers.get("Content-Security-Policy")).toContain("default-src 'none'");
      expect(headers.get("Cache-Control")).toBe("no-store");
    }
  });

  it("gives another id at the login, and the one before is dead", async () => {
    const someone = visitor();
    await someone.get("/login");
    const before = someone.cookie;
    await someone.logIn();
    expect(someone.cookie).not.toBe(before);
    expect((await visitor().get("/list", { headers: { Cookie: before } })).status).toBe(302);
    expect((await someone.get("/list")).status).toBe(200);
  });

  it("ends the session on the server at the logout", async () => {
    const someone = visitor();
    await someone.logIn();
    const before = someone.cookie;
    await someone.send("/logout", {});
    expect((await visitor().get("/list", { headers: { Cookie: before } })).status).toBe(302);
  });

  it.each([
    ["ada", "hopper"],
    ["nobody", "lovelace"],
    ["", ""],
    ["__proto__", "x"],
  ])("answers %s / %s as any wrong login", async (user, password) => {
    const someone = visitor();
    const answer = await someone.logIn(user, password);
    expect([answer.status, answer.headers.get("Location")]).toEqual([303, "/login"]);
    expect(await someone.message("/login")).toBe("That user name and password do not belong together.");
  });

  it.each([
    ["get", "“get” is a control of every session; choose another key."],
    ["permanent", "“permanent” belongs to this application; choose another key."],
    ["modified", "“modified” belongs to this application; choose another key."],
    ["user", "“user” belongs to this application; choose another key."],
    ["__proto__", "“__proto__” belongs to this application; choose another key."],
    ["_flashes", "“_flashes” belongs to this application; choose another key."],
    ["", "A key has 1 to 40 characters."],
    ["k".repeat(41), "A key has 1 to 40 characters."],
  ])("does not set the key %j, and says why", async (key, message) => {
    const someone = visitor();
    await someone.logIn();
    await someone.message("/");
    expect((await someone.send("/session/set", { key, value: "grace" })).status).toBe(303);
    expect(await someone.message("/")).toBe(message);
    expect(await (await someone.get("/")).text()).toContain("Hello, Ada Lovelace");
  });

  it.each(["constructor", "toString", "🔑", "a b"])("sets and reads the key %j", async (key) => {
    const someone = visitor();
    const query = `/session?key=${encodeURIComponent(key)}`;
    expect(await (await someone.get(query)).text()).toContain("There is no such key.");
    await someone.send("/session/set", { key, value: "a value" });
    expect(await (await someone.get(query)).text()).toContain(">a value</output>");
  });

  it("never shows the token of the forms as a value", async () => {
    const someone = visitor();
    const token = await someone.token("/session?key=csrfToken");
    const page = await (await someone.get("/session?key=csrfToken")).text();
    expect(page.replaceAll(`type="hidden" name="csrf" value="${token}"`, "")).not.toContain(token);
  });

  it.each(["/login", "/logout", "/session/set", "/session/delete", "/session/clear"])(
    "refuses a form for %s without its token",
    async (path) => {
      const someone = visitor();
      await someone.logIn();
      const answer = await someone.get(path, { method: "POST", body: new URLSearchParams({ key: "k" }) });
      expect(answer.status).toBe(403);
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect((await someone.get("/list")).status).toBe(200);
    },
  );

  it("refuses a form that is too large", async () => {
    const answer = await visitor().send("/session/set", { key: "k", value: "v".repeat(20_000) });
    expect(answer.status).toBe(413);
  });

  it("keeps the keys of requests that overlap", async () => {
    const someone = visitor();
    await someone.logIn();
    const slow = await someone.begin("/session/set", { key: "slow", value: "1" });
    await someone.send("/session/set", { key: "quick", value: "2" });
    expect(await slow.finish()).toBe(303);
    const page = await (await someone.get("/session")).text();
    expect(page).toContain(">slow</th>");
    expect(page).toContain(">quick</th>");
  });

  it("logs nobody in again whose logout came in between", async () => {
    const someone = visitor();
    await someone.logIn();
    const before = someone.cookie;
    const slow = await someone.begin("/session/set", { key: "slow", value: "1" });
    await someone.send("/logout", {});
    await slow.finish();
    expect((await visitor().get("/list", { headers: { Cookie: before } })).status).toBe(302);
  });
});

describe("how the login example starts and ends", () => {
  it("keeps its secret in a file that nobody else may read, and ends when told to", async () => {
    const app = await startApp();
    expect(statSync(join(app.folder, ".sessions/login-secret")).mode & 0o777).toBe(0o600);
    expect(await app.stop()).toBe(0);
    await app.remove();
  });

  it("says that its port is taken, and ends", async () => {
    const app = await startApp();
    const { code, output } = await runApp({ PORT: new URL(app.url).port });
    expect(output).toMatch(/^Flagon login example: port \d+ is taken; choose another: PORT=3001 npm start\n$/);
    expect(code).toBe(1);
    await app.remove();
  });

  it("says what is wrong with its settings, and ends", async () => {
    const { code, output } = await runApp({ SESSION_TYPE: "floppy", PORT: "0" });
    expect(output).toMatch(/^Flagon login example: SESSION_TYPE "floppy" is unknown.*\n$/);
    expect(code).toBe(1);
  });
});

describe("the login example without its Redis", () => {
  it("serves those without a cookie, and tells the others that it cannot reach their session", async () => {
    const app = await startApp({ SESSION_TYPE: "redis", SESSION_REDIS: "redis://:secret@127.0.0.1:1" });
    expect(app.output()).toContain("(sessions in Redis at 127.0.0.1:1)");
    expect((await new Visitor(app.url).get("/")).status).toBe(200);
    const answer = await new Visitor(app.url).get("/list", { headers: { Cookie: "session=of-somebody" } });
    expect(answer.status).toBe(503);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await answer.text()).toContain("We cannot reach your session just now");
    expect(app.output()).not.toContain("secret");
    expect(await app.stop()).toBe(0);
    await app.remove();
  });

  it.skipIf(!has("redis"))("goes on as soon as it is back", async () => {
    const redis = await startRedis();
    const app = await startApp({ SESSION_TYPE: "redis", SESSION_REDIS: redis.url });
    await serving(app.url);
    const someone = new Visitor(app.url);
    await someone.logIn();
    await redis.stop();
    expect((await someone.get("/")).status).toBe(503);
    const again = await startRedis({ port: redis.port });
    await expect.poll(async () => (await someone.logIn()).status).toBe(303);
    await app.remove();
    await again.stop();
  });
});

/** Every file below a folder; none when there is no such folder. */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true }).map(String).toSorted();
  } catch {
    return [];
  }
}
