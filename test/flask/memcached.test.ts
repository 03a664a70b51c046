import { describe, expect, onTestFinished, test } from "vitest";
import { flaskSession } from "../../src/flask/flask.ts";
import { memcachedClient } from "../../src/stores/memcached.ts";
import { type Data, Visitor } from "../core/helpers.ts";
import { askMemcached, canStart, startMemcached } from "../engines.ts";

describe.skipIf(!canStart("memcached"))("SESSION_TYPE memcached", () => {
  test("keeps a session where Flask-Session does, and as it does", async () => {
    const { server } = await start();
    const visitor = new Visitor(flaskSession<Data>({ SESSION_TYPE: "memcached", SESSION_MEMCACHED: server }));
    const id = await visitor.visit((session) => Object.assign(session, { user: "ada" })).then(() => visitor.open());
    const said = await askMemcached(server, `mg session:${id.id} f t v`);
    expect(said).toMatch(/^VA 22 f0 t267(8399|8400|8401)\r\n\x82\xAA_permanent\xC3\xA4user\xA3ada\r\n$/);
  });

  test("takes a client, or the names of several servers", async () => {
    const [one, two] = [await start(), await start()];
    const client = memcachedClient({ servers: [one.server, two.server], timeout: 1 });
    onTestFinished(() => client.close());
    for (const SESSION_MEMCACHED of [client, `${one.server}, ${two.server}`]) {
      const visitors = Array.from({ length: 8 }, () => {
        return new Visitor(flaskSession<Data>({ SESSION_TYPE: "memcached", SESSION_MEMCACHED }));
      });
      for (const visitor of visitors) {
        await visitor.visit((session) => Object.assign(session, { user: "ada" }));
        expect((await visitor.open())["user"]).toBe("ada");
      }
    }
    for (const { server } of [one, two]) expect(await askMemcached(server, "stats items")).toContain("STAT items");
  });

  test("fails while memcached is down, and has forgotten the sessions when it is back", async () => {
    const first = await start();
    const visitor = new Visitor(flaskSession<Data>({ SESSION_TYPE: "memcached", SESSION_MEMCACHED: first.server }));
    await visitor.visit((session) => Object.assign(session, { user: "ada" }));
    await first.stop();
    await expect(visitor.open()).rejects.toMatchObject({ code: "STORE", status: 503 });
    await start(first.port);
    expect((await visitor.open()).isNew).toBe(true);
    await visitor.visit((session) => Object.assign(session, { user: "bob" }));
    expect((await visitor.open())["user"]).toBe("bob");
  });

  test.each(["a\r\nflush_all\r\n", "a b", "a\u0001b", "s\u00EFd", "a".repeat(243), String.raw`a\015\012mn`])(
    "knows no session of the id %j",
    async (id) => {
      const { server } = await start();
      const kept = new Visitor(flaskSession<Data>({ SESSION_TYPE: "memcached", SESSION_MEMCACHED: server }));
      await kept.visit((session) => Object.assign(session, { user: "ada" }));
      const hostile = new Visitor(flaskSession<Data>({ SESSION_TYPE: "memcached", SESSION_MEMCACHED: server }));
      hostile.cookie = `session="${id}"`;
      expect((await hostile.open()).isNew).toBe(true);
      expect((await kept.open())["user"]).toBe("ada");
    },
  );

  test("refuses a client that is none, and a text that names no server", () => {
    for (const SESSION_MEMCACHED of [{}, new Map(), "memcached://localhost", "a b"]) {
      const config = { SESSION_TYPE: "memcached", SESSION_MEMCACHED };
      expect(() => flaskSession(config)).toThrow(expect.objectContaining({ code: "CONFIG" }));
    }
  });
});

async function start(port?: number): ReturnType<typeof startMemcached> {
  const memcached = await startMemcached(port === undefined ? {} : { port });
  onTestFinished(() => memcached.stop());
  return memcached;
}
