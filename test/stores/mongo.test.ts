import { randomUUID } from "node:crypto";
import { Binary, type Collection, type Document, MongoClient, ObjectId } from "mongodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Clock } from "../../src/clock.ts";
import type { SessionEvent } from "../../src/events.ts";
import { type MongoCollection, mongoStore } from "../../src/stores/mongo.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { bytes, range } from "../../src/testing/internal/stage.ts";
import { testListable, testStore, testSweepable } from "../../src/testing/store-suite.ts";
import { testWriters } from "../../src/testing/store-writers.ts";
import { eventsOf } from "../core/helpers.ts";
import { canStart, engine, has, startMongo, untilTheEnd } from "../engines.ts";
import { startFaultProxy } from "../faults/proxy.ts";
import { commandsOf, connect } from "./mongo-commands.ts";
import { ODD_DEADLINES, writeAll } from "./odd-deadlines.ts";
import { startWorker } from "./start-worker.ts";
import { entry, inAMinute } from "./entries.ts";

const MINUTE = 60_000;
const DATABASE = `flagon-test-${randomUUID()}`;

describe.skipIf(!has("mongo"))("mongo store", () => {
  let url: string;
  /** Looks at the server past the store. */
  let probe: MongoClient;

  beforeAll(async () => {
    ({ url } = await engine("mongo"));
    ({ client: probe } = await untilTheEnd(connect(url)));
  });
  afterAll(() => probe.db(DATABASE).dropDatabase());

  /** A collection that nobody used, as this client sees it. */
  function newCollection(client = probe): Collection {
    return client.db(DATABASE).collection(randomUUID());
  }

  /** One whose server removes nothing: it goes by another clock than the test. */
  async function unswept(client = probe): Promise<Collection> {
    const collection = newCollection(client);
    await collection.createIndex({ expiration: 1 });
    return collection;
  }

  describe("does what every store does", () => {
    const kit = { test, open: async (clock: Clock) => mongoStore(await unswept(), { clock }) };
    testStore(kit);
    testListable(kit);
    testSweepable(kit);
    testWriters({
      test,
      open: () => mongoStore(probe.db(DATABASE).collection("shared")),
      spawn: (plan) => startWorker("mongo", DATABASE, url, plan),
    });
  });

  describe("over a client that reads values in its own way", () => {
    test.each([
      { promoteBuffers: true },
      { promoteValues: false },
      { raw: true },
      { useBigInt64: true },
      { ignoreUndefined: true, serializeFunctions: true },
      { readPreference: "secondaryPreferred" as const },
    ])("%o", async (options) => {
      const { client } = await untilTheEnd(connect(url, options));
      const clock = manualClock();
      const store = mongoStore(await unswept(client), { clock });
      const first = { value: Buffer.from("a"), expiresAt: clock.now() + MINUTE };
      await store.create("key", first);
      expect(await store.read("key")).toEqual(first);
      const lost = await store.update("key", { ...first, before: bytes("b") });
      expect(lost).toEqual({ done: false, current: first });
      for await (const listed of store.list()) expect(listed).toEqual(["key", first]);
      expect(await store.update("key", { ...first, before: bytes("a") })).toEqual({ done: true });
      clock.advance(MINUTE);
      expect(await store.deleteExpired()).toBe(1);
    });
  });

  describe("keeps documents", () => {
    test("as a Python peer writes them", async () => {
      const collection = newCollection();
      const store = mongoStore(collection);
      await store.create("session:sid", { value: bytes("\u0081\u00A1a\u0001"), expiresAt: 1_900_000_000_123.9 });
      const [document, ...more] = await collection.find().toArray();
      expect(more).toEqual([]);
      expect(document).toEqual({
        _id: expect.any(ObjectId) as ObjectId,
        id: "session:sid",
        val: new Binary(bytes("\u0081\u00A1a\u0001"), 0),
        expiration: new Date(1_900_000_000_123),
      });
    });

    test("of a Python peer, and changes nothing else in them", async () => {
      const collection = newCollection();
      const store = mongoStore(collection);
      const expiration = new Date(1_900_000_000_000);
      const document = { _id: new ObjectId(), id: "session:sid", val: new Binary(bytes("a"), 0), expiration, more: 1 };
      await collection.insertOne(document);
      const read = await store.read("session:sid");
      expect(read).toEqual({ value: Buffer.from("a"), expiresAt: expiration.getTime() });
      await store.update("session:sid", { before: bytes("a"), value: bytes("b"), expiresAt: 1_900_000_001_000 });
      const changed = { ...document, val: new Binary(bytes("b"), 0), expiration: new Date(1_900_000_001_000) };
      expect(await collection.find().toArray()).toEqual([changed]);
    });

    test("that hold no session's bytes are nobody's, and are left alone", async () => {
      const collection = newCollection();
      const store = mongoStore(collection);
      const expiration = new Date(Date.now() + MINUTE);
      const strange = [
        { id: "text", val: "a", expiration },
        { id: "uuid", val: new Binary(Buffer.alloc(16), Binary.SUBTYPE_UUID), expiration },
        { id: "none", expiration },
        { id: "null", val: null, expiration },
      ];
      await collection.insertMany(strange);
      for (const { id } of strange) {
        await expect(store.read(id)).rejects.toThrow("no binary `val` of subtype 0");
        await expect(store.update(id, { ...entry("b"), before: bytes("a") })).rejects.toThrow("no binary `val`");
        expect(await store.create(id, entry("b"))).toBe(false);
      }
      await collection.insertMany([{ id: 5, val: new Binary(bytes("a")), expiration }, { something: "else" }]);
      await store.create("session", entry("a"));
      const listed: string[] = [];
      for await (const [key] of store.list()) listed.push(key);
      expect(listed).toEqual(["session"]);
      expect(await collection.countDocuments()).toBe(7);
    });

    test("without an end are not there, and not overwritten", async () => {
      const collection = newCollection();
      const store = mongoStore(collection);
      await collection.insertOne({ id: "endless", val: new Binary(bytes("a")) });
      expect(await store.read("endless")).toBeUndefined();
      expect(await store.create("endless", entry("b"))).toBe(false);
      expect(await store.delete("endless")).toBe(false);
      expect(await store.deleteExpired()).toBe(0);
    });

    test.each(ODD_DEADLINES)("that all have an end, for the deadline %d", async (deadline) => {
      const collection = newCollection();
      await writeAll(mongoStore(collection), "key", deadline, async () => {
        for (const { expiration } of await collection.find().toArray()) expect(Number(expiration)).toBeGreaterThan(0);
      });
    });
  });

  test("removes thousands of expired documents in slices", async () => {
    const collection = await unswept();
    const store = mongoStore(collection);
    await store.create("live", entry("a"));
    await collection.insertMany(range(2100).map((n) => ({ id: `${n}`, val: new Binary(), expiration: new Date(0) })));
    const slices = await commandsOf(probe, async () => expect(await store.deleteExpired()).toBe(2100));
    expect(slices.map(({ name }) => name)).toEqual(["find", "delete", "find", "delete", "find", "delete"]);
    expect(await collection.countDocuments()).toBe(1);
  });

  describe("asks the server", () => {
    test("one command for each verb", async () => {
      const collection = newCollection();
      const store = mongoStore(collection);
      await store.prepare();
      const asked = async (act: () => Promise<unknown>) => {
        const commands = await commandsOf(probe, act);
        return commands.map(({ name, writeConcern, readConcern }) => [name, writeConcern ?? readConcern]);
      };
      const change = { ...entry("b"), before: bytes("a") };
      const update = ["update", { w: "majority" }];
      expect(await asked(() => store.create("key", entry("a")))).toEqual([update]);
      expect(await asked(() => store.create("key", entry("a")))).toEqual([update]);
      expect(await asked(() => store.read("key"))).toEqual([["find", { level: "majority" }]]);
      expect(await asked(() => store.update("key", change))).toEqual([update]);
      expect(await asked(() => store.update("key", change))).toEqual([update, ["find", { level: "local" }]]);
      expect(await asked(() => store.update("key", { expiresAt: inAMinute() }))).toEqual([update]);
      expect(await asked(() => store.delete("key"))).toEqual([["delete", { w: "majority" }]]);
      await store.create("key", entry("a"));
      const removal = { ...change, expiresAt: 0 };
      expect(await asked(() => store.update("key", removal))).toEqual([["delete", { w: "majority" }]]);
    });

    test("for the session by its id alone, and for one document", async () => {
      const collection = newCollection();
      const [find] = await commandsOf(probe, () => mongoStore(collection).read("session:sid"));
      expect(find).toEqual({
        readConcern: { level: "majority" },
        name: "find",
        find: collection.collectionName,
        filter: { id: "session:sid" },
        limit: 1,
        singleBatch: true,
      });
    });

    test.each([
      [{ w: 0 as const }, { w: "majority" }],
      [
        { w: 1, journal: true, wtimeoutMS: 500 },
        { w: "majority", j: true, wtimeout: 500 },
      ],
      [{ w: "majority" as const }, { w: "majority" }],
    ])("for a write to a majority over %o, and nothing less than it was told", async (writeConcern, asked) => {
      const collection = probe.db(DATABASE).collection(randomUUID(), { writeConcern });
      const store = mongoStore(collection);
      await store.prepare();
      const [create, remove] = await commandsOf(probe, async () => {
        await store.create("key", entry("a"));
        await store.delete("key");
      });
      expect([create?.["writeConcern"], remove?.["writeConcern"]]).toEqual([asked, asked]);
    });

    test.each([
      ["local", "majority"],
      ["majority", "majority"],
      ["linearizable", "linearizable"],
    ])("for a read of the level %s, %s", async (given, asked) => {
      const collection = probe.db(DATABASE).collection(randomUUID(), { readConcern: { level: given as "local" } });
      // A server that stands alone refuses the strongest.
      const read = () =>
        mongoStore(collection)
          .read("key")
          .catch(() => undefined);
      const [find] = await commandsOf(probe, read);
      expect(find?.["readConcern"]).toEqual({ level: asked });
    });

    test.each([{ $ne: null }, ["key"], Buffer.from("key"), undefined, null, 5])(
      "nothing for the key %o",
      async (key) => {
        const store = mongoStore(newCollection());
        const asks = [
          () => store.create(key as never, entry("a")),
          () => store.read(key as never),
          () => store.update(key as never, { expiresAt: inAMinute() }),
          () => store.delete(key as never),
        ];
        const commands = await commandsOf(probe, async () => {
          for (const ask of asks) await expect(ask()).rejects.toBeInstanceOf(TypeError);
        });
        expect(commands).toEqual([]);
      },
    );
  });

  describe("has indexes", () => {
    /** What a store says of its indexes, and which there are then. */
    async function prepared(collection: Collection): Promise<{ told: string[]; indexes: Document[] }> {
      const events = await eventsOf(() => mongoStore(collection).prepare());
      return { told: events.map(subjectOf), indexes: await collection.listIndexes().toArray() };
    }
    const untold = (told: string[]) => told.filter((subject) => subject !== "expired sessions");

    test("that are asked for once, whoever is first", async () => {
      const collection = newCollection();
      const store = mongoStore(collection);
      const first = await commandsOf(probe, () =>
        Promise.all([store.create("a", entry("a")), store.delete("b"), store.update("c", { expiresAt: 0 })]),
      );
      const wished = first.filter(({ name }) => name === "createIndexes").map(({ indexes }) => indexes);
      expect(wished.slice(0, 2)).toEqual([
        [{ key: new Map([["id", 1]]), name: "id_1", unique: true }],
        [{ key: new Map([["expiration", 1]]), name: "expiration_1", expireAfterSeconds: 0 }],
      ]);
      const second = await commandsOf(probe, () => store.create("d", entry("a")));
      expect(second.map(({ name }) => name)).toEqual(["update"]);
    });

    test("which several processes may ask for at once", async () => {
      const collection = newCollection();
      await Promise.all(range(10).map(() => mongoStore(collection).prepare()));
      const { told, indexes } = await prepared(collection);
      expect(untold(told)).toEqual([]);
      expect(indexes.map(({ name }) => name as string).toSorted()).toEqual(["_id_", "expiration_1", "id_1"]);
    });

    test("of which one removes what has expired, or it says that the server will not", async () => {
      const { told, indexes } = await prepared(newCollection());
      const expiring = indexes.find(({ name }) => name === "expiration_1");
      expect(expiring?.["key"]).toEqual({ expiration: 1 });
      expect(told).toEqual(expiring?.["expireAfterSeconds"] === 0 ? [] : ["expired sessions"]);
    });

    test("whatever their names are", async () => {
      const collection = newCollection();
      await collection.createIndex({ id: 1 }, { name: "mine", unique: true });
      const { told } = await prepared(collection);
      expect(untold(told)).toEqual([]);
    });

    test("where an index on the id is in the way of a unique one: it says so", async () => {
      const collection = newCollection();
      await collection.createIndex({ id: 1 });
      const { told } = await prepared(collection);
      expect(told).toContain("ids of sessions");
    });

    describe("where a Python peer left two documents of one id", () => {
      let collection: Collection;
      const documents = ["a", "b"].map((text) => ({ id: "twice", val: new Binary(bytes(text)) }));

      async function leave(): Promise<ReturnType<typeof mongoStore>> {
        collection = newCollection();
        await collection.insertMany(documents.map((each) => ({ ...each, expiration: new Date(inAMinute()) })));
        return mongoStore(collection);
      }

      test("it says so, with no id", async () => {
        const store = await leave();
        const events = await eventsOf(() => store.create("key", entry("a")));
        expect(events.map(subjectOf)).toContain("ids of sessions");
        expect(JSON.stringify(events)).not.toContain("twice");
      });

      test("a deleted session stays dead", async () => {
        const store = await leave();
        expect(await store.delete("twice")).toBe(true);
        expect(await store.read("twice")).toBeUndefined();
        expect(await collection.countDocuments()).toBe(0);
      });

      test("an ended one too", async () => {
        const store = await leave();
        expect(await store.update("twice", { expiresAt: 0 })).toEqual({ done: true });
        expect(await store.read("twice")).toBeUndefined();
      });

      test("a taken id is taken, and another is not", async () => {
        const store = await leave();
        expect(await store.create("twice", entry("c"))).toBe(false);
        expect(await store.create("once", entry("c"))).toBe(true);
        expect(await store.create("once", entry("c"))).toBe(false);
        expect(await collection.countDocuments()).toBe(3);
      });

      test("what is read is swapped", async () => {
        const store = await leave();
        const before = (await store.read("twice"))?.value ?? bytes("");
        expect(await store.update("twice", { ...entry("c"), before })).toEqual({ done: true });
        expect((await store.read("twice"))?.value).toEqual(Buffer.from("c"));
      });
    });
  });

  test("makes a swap whose old value was away for a moment", async () => {
    const collection = newCollection();
    const store = mongoStore(collection);
    await store.create("key", entry("b"));
    const set = (text: string) => collection.updateOne({ id: "key" }, { $set: { val: new Binary(bytes(text)) } });
    const busy = meddled(collection, { findOne: () => set("a") });
    expect(await mongoStore(busy).update("key", { ...entry("c"), before: bytes("a") })).toEqual({ done: true });
    const restless = meddled(collection, { findOne: () => set("a"), updateOne: () => set("b") });
    const lost = await mongoStore(restless).update("key", { ...entry("c"), before: bytes("a") });
    expect(lost).toMatchObject({ done: false, current: { value: Buffer.from("a") } });
  });

  describe("fails", () => {
    test("for a value that is too large, writes none of it and goes on", async () => {
      const collection = newCollection();
      const store = mongoStore(collection);
      const [large, other] = [Buffer.alloc(8_000_000, 1), Buffer.alloc(8_000_000, 2)];
      const tooLarge = Buffer.alloc(8_000_001);
      const told = "a session of 8000001 bytes is too large: in MongoDB it may have 8000000";
      await expect(store.create("key", { ...entry("a"), value: tooLarge })).rejects.toThrow(told);
      expect(await store.read("key")).toBeUndefined();
      expect(await store.create("key", { ...entry("a"), value: large })).toBe(true);
      await expect(store.update("key", { ...entry("a"), before: large, value: tooLarge })).rejects.toThrow(told);
      expect(await store.update("key", { ...entry("a"), before: large, value: other })).toEqual({ done: true });
      expect(Buffer.compare((await store.read("key"))?.value ?? bytes(""), other)).toBe(0);
    });

    test("where credentials are refused", async () => {
      const client = new MongoClient(url.replace("://", "://nobody:wrong@"), { serverSelectionTimeoutMS: 500 });
      const store = mongoStore(client.db("admin").collection("sessions"));
      await expect(store.create("key", entry("a"))).rejects.toMatchObject({ code: 18 });
      await expect(store.read("key")).rejects.toMatchObject({ code: 18 });
      await client.close();
    });
  });
});

describe.skipIf(!canStart("mongo"))("mongo store over a server of its own", () => {
  test("rejects while the server is down, and goes on when it is back", async () => {
    const mortal = await startMongo();
    const { client } = await untilTheEnd(connect(mortal.url));
    const store = mongoStore(client.db("test").collection("sessions"));
    await store.create("key", entry("a"));
    process.kill(mortal.pid, "SIGKILL");
    await mortal.stop();

    const change = { ...entry("b"), before: bytes("a") };
    const verbs = [
      store.create("key", entry("a")),
      store.read("key"),
      store.update("key", change),
      store.delete("key"),
    ];
    for (const { status } of await Promise.allSettled(verbs)) expect(status).toBe("rejected");
    const unprepared = mongoStore(client.db("test").collection("others"));
    await expect(unprepared.create("key", entry("a"))).rejects.toMatchObject({
      name: expect.stringMatching(/^Mongo/) as string,
    });

    await untilTheEnd(startMongo({ port: mortal.port }));
    await expect.poll(() => store.read("key").then(() => "back", String)).toBe("back");
    expect(await store.create("key", entry("a"))).toBe(true);
    expect(await unprepared.create("key", entry("a"))).toBe(true);
  });

  test("rejects a swap whose reply was lost, and does not make it again", async () => {
    const server = await untilTheEnd(startMongo());
    const line = await untilTheEnd(startFaultProxy(server.port));
    const { client } = await untilTheEnd(connect(`mongodb://127.0.0.1:${line.port}`));
    const store = mongoStore(client.db("test").collection("sessions"));
    await store.create("key", entry("a"));
    const swap = (before: string, next: string) => store.update("key", { ...entry(next), before: bytes(before) });
    line.faults.lostReplies = 1;
    await expect(swap("a", "b")).rejects.toMatchObject({ name: "MongoNetworkError" });
    await expect.poll(() => store.read("key").catch(String)).toMatchObject({ value: Buffer.from("b") });
    expect(await swap("b", "c")).toEqual({ done: true });
  });
});

describe("mongo store without MongoDB", () => {
  test.each([undefined, null, "mongodb://localhost", {}, new MongoClient("mongodb://localhost")])(
    "refuses %s as a collection",
    (collection) => {
      expect(() => mongoStore(collection as never)).toThrow(expect.objectContaining({ code: "CONFIG" }));
    },
  );

  test("refuses a clock that is none", () => {
    const collection = new MongoClient("mongodb://localhost").db("a").collection("b");
    expect(() => mongoStore(collection, { clock: 5 as never })).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });
});

/** What an event of a store is about. */
function subjectOf(event: SessionEvent): string {
  const reason = event.type === "degraded" ? event.reason : "";
  return ["expired sessions", "ids of sessions"].find((subject) => reason.includes(subject)) ?? event.type;
}

/** A collection to which something happens before each call of a method. */
function meddled(
  collection: Collection,
  happenings: { [name in "findOne" | "updateOne"]?: () => Promise<unknown> },
): MongoCollection {
  return new Proxy(collection, {
    get(target, name) {
      const member = Reflect.get(target, name, target) as unknown;
      if (typeof member !== "function") return member;
      const happening = Object.hasOwn(happenings, name) ? happenings[name as "findOne"] : undefined;
      if (happening === undefined) return member.bind(target) as unknown;
      return async (...args: unknown[]) => {
        await happening();
        return (member as (...given: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}
