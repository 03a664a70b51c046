import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Store } from "../../src/store.ts";
import { exptimeOf } from "../../src/stores/internal/memcached/exptime.ts";
import { murmur3, rendezvous } from "../../src/stores/internal/memcached/rendezvous.ts";
import { ReplyReader } from "../../src/stores/internal/memcached/replies.ts";
import { type OwnMemcachedClient, memcachedClient, memcachedStore } from "../../src/stores/memcached.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { bytes } from "../../src/testing/internal/stage.ts";
import { testStore } from "../../src/testing/store-suite.ts";
import { testWriters } from "../../src/testing/store-writers.ts";
import { askMemcached, canStart, engine, has, says, startMemcached, untilTheEnd } from "../engines.ts";
import { type Line, startLine } from "./memcached-line.ts";
import { startWorker } from "./start-worker.ts";
import { entry, holding, inAMinute } from "./entries.ts";

const MINUTE = 60_000;

/** The largest value that memcached takes by default, under the longest key. */
const LARGEST = 2 ** 20 - 72 - 250;

// Many tests of the kit wait for a deadline that memcached counts down; they wait together.
vi.setConfig({ maxConcurrency: 20 });

/** How long a busy machine may take, in milliseconds. */
const LONG = { timeout: 10_000 };

describe.skipIf(!has("memcached"))("memcached store", () => {
  let server: string;
  let client: OwnMemcachedClient;
  let store: Store;

  beforeAll(async () => {
    ({ server } = await engine("memcached"));
    client = use(memcachedClient(server));
    store = memcachedStore(client, { prefix: newPrefix() });
  });

  testStore({ test: test.concurrent, open: () => store, time: "engine", grace: 2000, maxValue: LARGEST });

  testWriters({
    test,
    open: () => memcachedStore(client),
    spawn: (plan) => startWorker("memcached", server, plan),
  });

  test("writes as a Python peer does: the value alone, with flags 0, under prefix and key", async () => {
    const [prefix, clock] = [newPrefix(), manualClock(Date.now())];
    const own = memcachedStore(client, { prefix, clock });
    await own.create("sid", { value: bytes("\u0081\r\nEN\r\n"), expiresAt: clock.now() + MINUTE });
    expect(await askMemcached(server, `mg ${prefix}sid v f k s`)).toBe(
      `VA 8 f0 k${prefix}sid s8\r\n\u00C2\u0081\r\nEN\r\n\r\n`,
    );
  });

  test("reads an item that a peer left without an end as endless, and gives it one", async () => {
    const prefix = newPrefix();
    const own = memcachedStore(client, { prefix });
    await askMemcached(server, `ms ${prefix}endless 1\r\na`);
    expect(await own.read("endless")).toEqual({ value: Buffer.from("a"), expiresAt: 8_640_000_000_000_000 });
    await own.update("endless", { expiresAt: inAMinute() });
    expect(await askMemcached(server, `mg ${prefix}endless t`)).toMatch(/^HD t(59|60)\r\n$/);
  });

  test.each([Number.NaN, -Infinity, Infinity, Number.MAX_VALUE, 0.5, 2 ** 32 * 1000])(
    "leaves no item without an end for the deadline %d",
    async (expiresAt) => {
      const prefix = newPrefix();
      const own = memcachedStore(client, { prefix });
      const writes = [
        () => own.create("key", { ...entry("a"), expiresAt }),
        () => own.update("key", { ...entry("b"), before: bytes("a"), expiresAt }),
        () => own.update("key", { expiresAt }),
      ];
      for (const write of writes) {
        await write();
        expect(await askMemcached(server, `mg ${prefix}key t`)).toMatch(/^(EN|HD t[1-9]\d*)\r\n$/);
        await own.create("key", entry("a"));
      }
    },
  );

  describe("by a line that listens", () => {
    let line: Line;
    let prefix: string;
    let own: Store;

    beforeAll(async () => {
      line = await untilTheEnd(startLine(server));
    });
    beforeEach(async () => {
      prefix = newPrefix();
      own = memcachedStore(use(memcachedClient(line.server)), { prefix });
      await own.read("connected");
    });

    /** What was sent meanwhile: a text for each time that something was. */
    async function sent(act: () => Promise<unknown>): Promise<string[]> {
      line.said.length = 0;
      await act();
      return line.said.map((text) => text.replaceAll(prefix, "").replaceAll(/C\d+/g, "C#"));
    }

    test("makes one round trip for each verb", async () => {
      const [one, two, gone] = [entry("one"), entry("two"), { expiresAt: 0 }];
      expect(await sent(() => own.create("key", one))).toEqual(["ms key 3 T60 ME c\r\none\r\n"]);
      const again = { ...two, before: one.value };
      expect(await sent(() => own.update("key", again))).toEqual(["ms key 3 T60 C# c\r\ntwo\r\nmg key v c t\r\n"]);
      const first = await own.read("key");
      expect(await sent(() => own.read("key"))).toEqual(["mg key v c t\r\n"]);
      const thrice = { ...entry("three"), before: first?.value ?? bytes("") };
      expect(await sent(() => own.update("key", thrice))).toHaveLength(1);
      expect(await sent(() => own.update("key", { ...entry("four"), before: thrice.value }))).toHaveLength(1);
      expect(await sent(() => own.update("key", { expiresAt: inAMinute() }))).toEqual(["mg key T60\r\n"]);
      expect(await sent(() => own.delete("key"))).toEqual(["md key\r\n"]);
      await own.create("key", one);
      expect(await sent(() => own.update("key", gone))).toEqual(["md key\r\n"]);
      await own.create("key", one);
      const removal = { ...gone, value: two.value, before: one.value };
      expect(await sent(() => own.update("key", removal))).toEqual(["md key C#\r\nmg key v c t\r\n"]);
      expect(await own.read("key")).toBeUndefined();
    });

    test("swaps again in one round trip after a lost swap", async () => {
      const one = entry("one");
      await own.create("key", one);
      await memcachedStore(client, { prefix }).update("key", { ...entry("two"), before: bytes("one") });
      const lost = await own.update("key", { ...entry("three"), before: one.value });
      const before = lost.done ? bytes("") : (lost.current?.value ?? bytes(""));
      expect(Buffer.from(before).toString()).toBe("two");
      expect(await sent(() => own.update("key", { ...entry("three"), before }))).toHaveLength(1);
      expect(await own.read("key")).toMatchObject(holding("three"));
    });

    test("looks first where it does not know the bytes", async () => {
      await own.create("key", entry("one"));
      const change = { ...entry("two"), before: bytes("one") };
      expect(await sent(() => own.update("key", change))).toEqual([
        "mg key v c t\r\n",
        "ms key 3 T60 C# c\r\ntwo\r\nmg key v c t\r\n",
      ]);
      expect(await sent(() => own.update("key", change))).toEqual(["mg key v c t\r\n"]);
    });

    test("does not take bytes for what they were when they were read", async () => {
      await own.create("key", entry("one"));
      const { value = bytes("") } = (await own.read("key")) ?? {};
      value.set(bytes("two"));
      expect(await own.update("key", { ...entry("three"), before: value })).toMatchObject({
        done: false,
        current: holding("one"),
      });
      value.set(bytes("one"));
      expect(await own.update("key", { ...entry("three"), before: value })).toEqual({ done: true });
    });

    test("swaps bytes that nothing can be put on", async () => {
      const one = { ...entry("one"), value: Object.preventExtensions(bytes("one")) };
      await own.create("key", one);
      const [two, three] = [entry("two"), entry("three")];
      expect(await sent(() => own.update("key", { ...two, before: one.value }))).toHaveLength(2);
      expect(await own.update("key", { ...three, before: two.value })).toEqual({ done: true });
    });

    test("does not take the bytes of one key for those of another", async () => {
      const shared = entry("same");
      await own.create("key", shared);
      await own.create("other", shared);
      expect(await own.update("key", { ...entry("mine"), before: shared.value })).toEqual({ done: true });
      expect(await own.update("other", { ...entry("mine"), before: shared.value })).toEqual({ done: true });
      expect(await own.update("key", { ...entry("b"), before: shared.value })).toMatchObject({ done: false });
    });

    test("swaps a value that somebody wrote again: it is the bytes that count", async () => {
      const one = entry("one");
      await own.create("key", one);
      await askMemcached(server, `ms ${prefix}key 3 T100\r\none`);
      const change = { ...entry("two"), before: one.value };
      expect(await sent(() => own.update("key", change))).toHaveLength(2);
      expect(await own.read("key")).toMatchObject(holding("two"));
    });

    test.each(["\r\nflush_all\r\n", "a b", "a\0b", "käse", "\u{1F9C0}", "k".repeat(251), "a\u007Fb", ""])(
      "sends nothing but a hash of the key %j",
      async (key) => {
        const bare = memcachedStore(use(memcachedClient(line.server)), { prefix: "" });
        const texts = await sent(async () => {
          await bare.create(key, entry("one"));
          await bare.update(key, { ...entry("two"), before: bytes("one") });
          await bare.update(key, { expiresAt: inAMinute() });
          await bare.delete(key);
        });
        const greeting = "stats settings\r\nmn\r\n";
        const commands = texts.filter((text) => text !== greeting).join("");
        expect(commands).toMatch(/^(m[gds] sha256:[0-9a-f]{64}( 3 T\d+ (ME|C#) c\r\n(one|two)| v c t| T\d+|)\r\n)+$/);
        expect(commands.match(/m[gds] /g)).toHaveLength(6);
      },
    );

    test("rejects at whichever byte a reply is cut, changes nothing twice, and goes on", async () => {
      let [before, cuts] = [bytes("start"), 0];
      await own.create("key", { ...entry(""), value: before });
      const reply = "HD c1000000\r\nVA 5 c1000000 t60\r\nvalue\r\n";
      for (let after = 0; after < reply.length; after++) {
        const value = bytes(`${after}`.padStart(5, "0"));
        line.cutAfter(after);
        const outcome = await own.update("key", { ...entry(""), value, before }).catch((error: unknown) => error);
        if (outcome instanceof Error) cuts++;
        line.cutAfter(Infinity);
        // The line may break just after the whole reply.
        const { value: stands = bytes("") } = (await vi.waitFor(() => own.read("key"), LONG)) ?? {};
        expect([before, value].some((each) => Buffer.compare(each, stands) === 0)).toBe(true);
        before = stands;
      }
      expect(cuts).toBeGreaterThan(20);
    });

    test("rejects all that is not answered when the connection breaks", async () => {
      await own.create("key", entry("one"));
      line.cutAfter(0);
      const verbs = [own.read("key"), own.create("key", entry("two")), own.delete("none"), own.read("key")];
      for (const { status } of await Promise.allSettled(verbs)) expect(status).toBe("rejected");
      expect(await own.read("key")).toMatchObject(holding("one"));
    });
  });
});

describe.skipIf(!canStart("memcached"))("memcached store over a memcached of its own", () => {
  describe("of three servers", () => {
    let stores: [all: Store, each: Store[]];

    beforeAll(async () => {
      const started = await Promise.all([1, 2, 3].map(() => untilTheEnd(startMemcached())));
      const servers = started.map(({ server }) => server);
      stores = [
        memcachedStore(use(memcachedClient({ servers }))),
        servers.map((server) => memcachedStore(use(memcachedClient(server)))),
      ];
    });

    testStore({ test: test.concurrent, open: () => stores[0], time: "engine", grace: 2000, maxValue: LARGEST });

    test("keeps an entry on one, and gives each a share", async () => {
      const [all, each] = stores;
      const keys = Array.from({ length: 60 }, (_, n) => `share ${n}`);
      await Promise.all(keys.map((key) => all.create(key, entry(key))));
      const found = await Promise.all(
        keys.map(async (key) =>
          (await Promise.all(each.map((store) => store.read(key)))).map((some) => some !== undefined),
        ),
      );
      for (const where of found) expect(where.filter(Boolean)).toHaveLength(1);
      for (const n of [0, 1, 2]) expect(found.filter((where) => where[n]).length).toBeGreaterThan(5);
    });
  });

  test("rejects while memcached is down, and has lost the sessions and nothing else when it is back", async () => {
    const mortal = await startMemcached();
    const store = memcachedStore(use(memcachedClient(mortal.server)));
    const one = entry("one");
    await store.create("key", one);
    process.kill(mortal.pid, "SIGKILL");
    await mortal.stop();

    const change = { ...entry("b"), before: one.value };
    const verbs = [store.create("key", one), store.read("key"), store.update("key", change), store.delete("key")];
    for (const outcome of await Promise.allSettled(verbs)) {
      expect(outcome).toMatchObject({
        status: "rejected",
        reason: { message: expect.stringContaining(mortal.server) },
      });
    }

    await untilTheEnd(startMemcached({ port: mortal.port }));
    expect(await store.update("key", change)).toEqual({ done: false, current: undefined });
    expect(await store.create("key", one)).toBe(true);
    expect(await store.update("key", change)).toEqual({ done: true });
  });

  test("takes no CAS number of a server that was started again for one of before", async () => {
    const first = await startMemcached();
    const store = memcachedStore(use(memcachedClient(first.server)));
    await store.create("key", entry("mine"));
    const { value: before = bytes("") } = (await store.read("key")) ?? {};
    const unique = await askMemcached(first.server, "mg flagon:key c");
    await first.stop();
    const { server } = await untilTheEnd(startMemcached({ port: first.port }));
    await memcachedStore(use(memcachedClient(server))).create("key", entry("theirs"));
    expect(await askMemcached(server, "mg flagon:key c")).toBe(unique);
    expect(await store.update("key", { ...entry("new"), before })).toMatchObject({
      done: false,
      current: holding("theirs"),
    });
  });

  test("rejects while memcached does not answer, and goes on when it does", async () => {
    const { server, pid } = await untilTheEnd(startMemcached());
    const store = memcachedStore(use(memcachedClient({ servers: server, timeout: 0.2 })));
    await store.create("key", entry("one"));
    process.kill(pid, "SIGSTOP");
    // On the connection that there was, once it has stopped, and on a new one.
    const silence = `memcached at ${server}: no answer within 0.2 s`;
    await vi.waitFor(() => expect(store.read("key")).rejects.toThrow(silence), LONG);
    await expect(store.read("key")).rejects.toThrow("no answer within 0.2 s");
    process.kill(pid, "SIGCONT");
    await vi.waitFor(async () => expect(await store.read("key")).toMatchObject(holding("one")), { timeout: 10_000 });
  });

  test.each([
    ["1m", 2 ** 20],
    ["3m", 3 * 2 ** 20],
  ])("keeps a value up to the limit of %s, and what stands there where one is larger", async (limit, size) => {
    const { server } = await untilTheEnd(startMemcached({ args: ["-I", limit] }));
    const store = memcachedStore(use(memcachedClient(server)), { prefix: "" });
    const largest = Buffer.alloc(size - 72 - "key".length, 1);
    const tooLarge = { ...entry(""), value: Buffer.concat([largest, bytes("!")]) };
    await store.create("key", entry("old"));
    await expect(store.create("key", tooLarge)).rejects.toThrow(`is over its limit of ${size}`);
    for (const before of ["old", "other"]) {
      await expect(store.update("key", { ...tooLarge, before: bytes(before) })).rejects.toThrow("over its limit");
    }
    expect(await store.read("key")).toMatchObject(holding("old"));
    expect(await store.update("key", { ...entry(""), value: largest, before: bytes("old") })).toEqual({ done: true });
    expect((await store.read("key"))?.value).toHaveLength(largest.length);
  });

  test("rejects when memcached has no memory left, and goes on", async () => {
    const { server } = await untilTheEnd(startMemcached({ args: ["-M", "-m", "2"] }));
    const store = memcachedStore(use(memcachedClient(server)));
    const large = { ...entry(""), value: Buffer.alloc(100_000) };
    const filling = Array.from({ length: 30 }, (_, n) => store.create(`${n}`, large));
    expect(await Promise.allSettled(filling)).toContainEqual({
      status: "rejected",
      reason: expect.objectContaining({ message: `memcached at ${server}: SERVER_ERROR out of memory storing object` }),
    });
    expect(await store.create("small", entry("one"))).toBe(true);
    await expect(store.update("small", { ...large, before: bytes("one") })).rejects.toThrow("out of memory");
    expect([undefined, "one"]).toContain((await store.read("small"))?.value.toString());
    expect(await store.create("next", entry("two"))).toBe(true);
  });

  test("uses no server without CAS, by which nothing could be compared", async () => {
    const { server } = await untilTheEnd(startMemcached({ args: ["-C"] }));
    await expect(memcachedStore(use(memcachedClient(server))).create("key", entry("one"))).rejects.toThrow(
      "start it without -C",
    );
    expect(await askMemcached(server, "mg flagon:key v")).toBe("EN\r\n");
  });

  test("authenticates, and rejects where it is refused", async () => {
    const { server } = await untilTheEnd(
      startMemcached({
        args: ["-Y", "passwords"],
        prepare: (folder) => writeFileSync(join(folder, "passwords"), "ada:pass:wörd\n"),
        isUp: says("mn\r\n", "CLIENT_ERROR unauthenticated"),
      }),
    );
    const over = (auth?: { user: string; password: string }) =>
      memcachedStore(use(memcachedClient(auth ? { servers: server, auth } : server)));
    const store = over({ user: "ada", password: "pass:wörd" });
    expect(await store.create("key", entry("one"))).toBe(true);
    expect(await store.read("key")).toMatchObject(holding("one"));
    await expect(over().read("key")).rejects.toThrow("CLIENT_ERROR unauthenticated");
    const refused = await over({ user: "ada", password: "pass" }).read("key").catch(String);
    expect(refused).toBe(`Error: memcached at ${server}: CLIENT_ERROR authentication failure`);
  });

  test("speaks TLS, and sends nothing to a server that it cannot trust", async () => {
    const { server, ca } = await startSecure();
    const store = memcachedStore(use(memcachedClient({ servers: server, tls: { ca } })));
    const large = { ...entry(""), value: Buffer.alloc(500_000, "abc") };
    expect(await store.create("key", large)).toBe(true);
    expect(await store.read("key")).toMatchObject({ value: large.value });
    const strangers = memcachedStore(use(memcachedClient({ servers: server, tls: true })));
    await expect(strangers.read("key")).rejects.toMatchObject({ cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" } });
    const plain = memcachedStore(use(memcachedClient({ servers: server, timeout: 0.2 })));
    await expect(plain.read("key")).rejects.toThrow(`memcached at ${server}: `);
  });

  test("rejects what is asked of a client that was closed, and what was not answered", async () => {
    const { server } = await untilTheEnd(startMemcached());
    const client = memcachedClient(server);
    const store = memcachedStore(client);
    await store.create("key", entry("one"));
    const reading = store.read("key");
    await Promise.resolve();
    client.close();
    await expect(reading).rejects.toThrow("the client was closed");
    await expect(store.read("key")).rejects.toThrow("the client was closed");
  });
});

describe("memcached store without memcached", () => {
  test.each([undefined, null, "127.0.0.1:11211", {}, new Map()])("refuses %s as a client", (client) => {
    expect(() => memcachedStore(client as never)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });

  test.each([{ prefix: 5 }, { clock: 5 }])("refuses the options %o", (options) => {
    const client = use(memcachedClient("127.0.0.1"));
    expect(() => memcachedStore(client, options as never)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });

  test.each([
    undefined,
    "",
    "a b",
    "host:0",
    "host:65536",
    "host:x",
    "memcached://host",
    "host,",
    {},
    { servers: [] },
    { servers: 5 },
    { servers: ["host", 5] },
    { servers: "host", timeout: 0 },
    { servers: "host", timeout: Number.NaN },
    { servers: "host", timeout: Infinity },
    { servers: "host", tls: "yes" },
    "memcached://ada:secret@host",
    { servers: "host", auth: null },
    { servers: "host", auth: { user: "a b", password: "secret" } },
    { servers: "host", auth: { user: "ada" } },
    { servers: "host", auth: { user: "ada", password: "a secret" } },
    { servers: "host", pool: 5 },
  ])("makes no client of %o, and tells no password", (options) => {
    let thrown: unknown;
    try {
      memcachedClient(options as never);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "CONFIG", message: expect.not.stringContaining("secret") });
  });

  test.each(["HTTP/1.1 400 Bad Request\r\n", "ERROR\r\nERROR\r\n", "VA x\r\n", "x".repeat(9000)])(
    "rejects where something else answers: %j",
    async (answer) => {
      const other = createServer((socket) => socket.on("error", () => {}).end(answer));
      await once(other.listen(0, "127.0.0.1"), "listening");
      const server = `127.0.0.1:${(other.address() as AddressInfo).port}`;
      const store = memcachedStore(use(memcachedClient(server)));
      await expect(store.read("key")).rejects.toThrow(`memcached at ${server}: `);
      other.close();
    },
  );

  test.each([
    [1, 1],
    [60, 60],
    [86_400, 86_400],
    [2_592_000, 2_592_000],
    [2_592_001, 1_717_571_290],
    [31_536_000, 1_746_515_289],
    [10 ** 9, 2 ** 31 - 1],
    [0, undefined],
    [-1, undefined],
    [0.000_1, undefined],
    [0.3, 1],
  ])("counts a life of %d seconds as %d", (life, exptime) => {
    const now = 1_714_979_289_250.123;
    expect(exptimeOf(now + life * 1000, now)).toBe(exptime);
  });

  test("counts by seconds where memcached's own time ends", () => {
    const now = 2 ** 31 * 1000;
    expect(exptimeOf(now + MINUTE, now)).toBe(60);
    expect(exptimeOf(now + 365 * 86_400_000, now)).toBe(2_592_000);
  });

  test.each([
    ["", 0],
    ["a", 1_009_084_850],
    ["ab", 2_613_040_991],
    ["abc", 3_017_643_002],
    ["abcd", 1_139_631_978],
    ["127.0.0.1:11211-session:abc", 1_778_014_874],
  ])("hashes %j as pymemcache does", (text, hash) => {
    expect(murmur3(text)).toBe(hash);
  });

  test("finds the server that pymemcache finds", () => {
    const servers = ["10.0.0.1:11211", "10.0.0.2:11211", "10.0.0.3:11211"].map((name) => ({ name }));
    const keys = ["session:a", "session:b", "session:c", "app1:1", "app1:2", "x"];
    expect(keys.map((key) => rendezvous(servers, key).name.at(7))).toEqual(["1", "1", "2", "1", "3", "1"]);
  });

  test("reads replies in whatever pieces they come", () => {
    const said = Buffer.from("VA 7 c1 t-1\r\na\r\nEN\r\n\r\nHD \r\nVA 0\r\n\r\nSERVER_ERROR out of memory\r\n");
    const replies = [...new ReplyReader().read(said)];
    expect(replies.map(({ status, words, value }) => [status, words.join(" "), value?.toString()])).toEqual([
      ["VA", "c1 t-1", "a\r\nEN\r\n"],
      ["HD", "", undefined],
      ["VA", "", ""],
      ["SERVER_ERROR", "out of memory", undefined],
    ]);
    const bytewise = new ReplyReader();
    expect([...said].flatMap((byte) => [...bytewise.read(Buffer.from([byte]))])).toEqual(replies);
    for (let at = 0; at <= said.length; at++) {
      const reader = new ReplyReader();
      expect([...reader.read(said.subarray(0, at)), ...reader.read(said.subarray(at))]).toEqual(replies);
    }
  });
});

function newPrefix(): string {
  return `flagon-test:${randomUUID()}:`;
}

const closing: { close(): unknown }[] = [];
afterAll(() => {
  for (const each of closing) each.close();
});

/** A client until the file's last test has run. */
function use(client: OwnMemcachedClient): OwnMemcachedClient {
  closing.push(client);
  return client;
}

/** A memcached with TLS, whose certificate is its own. */
async function startSecure(): Promise<{ server: string; ca: string }> {
  let ca = "";
  const { server } = await untilTheEnd(
    startMemcached({
      args: ["--enable-ssl", "-o", "ssl_chain_cert=cert.pem,ssl_key=key.pem"],
      isUp: accepts,
      prepare(folder) {
        const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
        const files = ["-keyout", join(folder, "key.pem"), "-out", join(folder, "cert.pem")];
        execFileSync("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...files, ...subject], {
          stdio: "pipe",
        });
        chmodSync(join(folder, "key.pem"), 0o644);
        ca = readFileSync(join(folder, "cert.pem"), "utf8");
      },
    }),
  );
  return { server, ca };
}

/** Whether something listens at a port. */
async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const listens = once(socket, "connect").then(
    () => true,
    () => false,
  );
  return listens.finally(() => socket.destroy());
}
