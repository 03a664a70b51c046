import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { flaskSession } from "../../src/flask/flask.ts";
import { type Data, Visitor } from "../core/helpers.ts";
import { has, startRedis } from "../engines.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

describe("SESSION_TYPE filesystem", () => {
  test("keeps sessions over a restart", async () => {
    const directory = mkdtempSync(join(tmpdir(), "flagon-flask-"));
    ends.push(() => rmSync(directory, { recursive: true }));
    const config = { SESSION_TYPE: "filesystem", SESSION_FILE_DIR: directory };
    const before = new Visitor(flaskSession<Data>(config));
    await before.visit((session) => Object.assign(session, { user: "ada", when: new Date(0) }));
    const after = new Visitor(flaskSession<Data>(config));
    after.cookie = before.cookie;
    expect({ ...(await after.open()) }).toEqual({ _permanent: true, user: "ada", when: new Date(0) });
  });

  test("lets requests go on without their session where that is asked for", async () => {
    const sessions = flaskSession<Data>(
      { SESSION_TYPE: "redis", SESSION_REDIS: "redis://127.0.0.1:9" },
      { onStoreError: "anonymous" },
    );
    const visitor = new Visitor(sessions);
    visitor.cookie = "session=of-somebody";
    const session = await visitor.open();
    expect({ ...session }).toEqual({ _permanent: true });
    expect((await visitor.save(session)).headers).toEqual([["Vary", "Cookie"]]);
    await expect(visitor.visit((one) => (one["user"] = "ada"))).rejects.toMatchObject({ code: "STORE" });
  });

  test("refuses a directory that is none, when it is given", () => {
    const config = { SESSION_TYPE: "filesystem", SESSION_FILE_DIR: "/dev/null" };
    expect(() => flaskSession(config)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });
});

describe.skipIf(!has("redis"))("SESSION_REDIS as a URL", () => {
  test("is connected, and again when the server comes back", async () => {
    const first = await startRedis();
    ends.push(() => first.stop());
    const sessions = flaskSession<Data>({ SESSION_TYPE: "redis", SESSION_REDIS: first.url });
    const visitor = new Visitor(sessions);
    await visitor.visit((session) => Object.assign(session, { user: "ada" }));
    expect((await visitor.open())["user"]).toBe("ada");

    await first.stop();
    await expect(visitor.open()).rejects.toMatchObject({ code: "STORE", status: 503 });

    const second = await startRedis({ port: first.port });
    ends.push(() => second.stop());
    await expect.poll(async () => (await visitor.open()).isNew).toBe(true);
  });

  test("that nobody answers at is tried again by the next request", async () => {
    const port = await freePort();
    const sessions = flaskSession<Data>({ SESSION_TYPE: "redis", SESSION_REDIS: `redis://127.0.0.1:${port}` });
    const visitor = new Visitor(sessions);
    visitor.cookie = "session=unknown";
    await expect(visitor.open()).rejects.toMatchObject({ code: "STORE", status: 503 });
    const redis = await startRedis({ port });
    ends.push(() => redis.stop());
    expect((await visitor.open()).isNew).toBe(true);
  });
});

/** A port that was free a moment ago: a server took it and gave it back. */
async function freePort(): Promise<number> {
  const { port, stop } = await startRedis();
  await stop();
  return port;
}
