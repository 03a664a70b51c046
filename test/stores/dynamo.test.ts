import { randomUUID } from "node:crypto";
import {
  type AttributeValue,
  CreateTableCommand,
  DeleteTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDB,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from "@aws-sdk/client-dynamodb";
import { beforeAll, describe, expect, test } from "vitest";
import type { Clock } from "../../src/clock.ts";
import type { Store } from "../../src/store.ts";
import { type DynamoClient, type DynamoStoreOptions, createTable, dynamoStore } from "../../src/stores/dynamo.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { bytes, newKey, range } from "../../src/testing/internal/stage.ts";
import { testListable, testStore, testSweepable } from "../../src/testing/store-suite.ts";
import { testWriters } from "../../src/testing/store-writers.ts";
import { canStart, engine, has, startDynamo, untilTheEnd } from "../engines.ts";
import { LOCAL, clientOf } from "./dynamo-client.ts";
import { startLine } from "./dynamo-line.ts";
import { startWorker } from "./start-worker.ts";
import { entry, inAMinute } from "./entries.ts";

const MINUTE = 60_000;
const table = `flagon-test-${randomUUID()}`;

describe.skipIf(!has("dynamo"))("dynamo store", () => {
  let url: string;
  /** Looks at DynamoDB past the store. */
  let probe: ReturnType<typeof clientOf>;

  beforeAll(async () => {
    ({ url } = await engine("dynamo"));
    probe = clientOf(url);
    await createTable(probe, { table });
    return () => probe.send(new DeleteTableCommand({ TableName: table }));
  });

  const kinds: [name: string, lend: () => DynamoClient, options: DynamoStoreOptions][] = [
    ["DynamoDBClient", () => clientOf(url), {}],
    ["DynamoDB, fractions of seconds", () => new DynamoDB({ endpoint: url, ...LOCAL }), { fractions: true }],
  ];
  describe.each(kinds)("over %s", (_name, lend, options) => {
    let client: DynamoClient;
    beforeAll(() => {
      client = lend();
    });
    const kit = {
      test,
      open: (clock: Clock) => dynamoStore(client, { table, prefix: newPrefix(), clock, ...options }),
      // DynamoDB's 400 KB are the whole item's, with its keys and names.
      maxValue: 409_000,
    };

    testStore(kit);
    testListable(kit);
    testSweepable(kit);
  });

  testWriters({
    test,
    open: () => dynamoStore(probe, { table }),
    spawn: (plan) => startWorker("dynamo", url, table, plan),
    additions: 4,
  });

  async function itemAt(id: string): Promise<Record<string, AttributeValue> | undefined> {
    const { Item } = await probe.send(new GetItemCommand({ TableName: table, Key: { id: { S: id } } }));
    return Item;
  }

  function put(id: string, attributes: Record<string, AttributeValue>): Promise<unknown> {
    return probe.send(new PutItemCommand({ TableName: table, Item: { id: { S: id }, ...attributes } }));
  }

  describe("the items", () => {
    test("are Flask-Session's, to the last digit of Python's float", async () => {
      const [prefix, expiresAt] = [newPrefix(), 1_714_982_889_373.456];
      const store = dynamoStore(probe, { table, prefix, fractions: true, clock: { now: () => expiresAt - MINUTE } });
      await store.create("sid", { value: bytes("a"), expiresAt });
      expect(await itemAt(`${prefix}sid`)).toEqual({
        id: { S: `${prefix}sid` },
        val: { B: bytes("a") },
        expiration: { N: "1714982889.37345600128173828125" },
      });
      expect((await store.read("sid"))?.expiresAt).toBe(expiresAt);
    });

    test("end at a whole second, the next one, unless fractions are asked for", async () => {
      const [prefix, expiresAt] = [newPrefix(), 1_714_982_889_373.456];
      const store = dynamoStore(probe, { table, prefix, clock: { now: () => expiresAt - MINUTE } });
      await store.create("key", { value: bytes("a"), expiresAt });
      expect((await itemAt(`${prefix}key`))?.["expiration"]).toEqual({ N: "1714982890" });
      await store.update("key", { expiresAt: expiresAt + MINUTE });
      expect((await itemAt(`${prefix}key`))?.["expiration"]).toEqual({ N: "1714982950" });
    });

    test("keep what else a peer has put there, over every update", async () => {
      const prefix = newPrefix();
      const store = dynamoStore(probe, { table, prefix });
      await put(`${prefix}key`, { val: { B: bytes("a") }, owner: { S: "peer" }, expiration: { N: "9999999999.5" } });
      expect(await store.read("key")).toEqual({ value: bytes("a"), expiresAt: 9_999_999_999_500 });
      await store.update("key", { ...entry("b"), before: bytes("a") });
      await store.update("key", { expiresAt: inAMinute() });
      expect(await itemAt(`${prefix}key`)).toMatchObject({ val: { B: bytes("b") }, owner: { S: "peer" } });
    });

    test("are endless where a peer left no deadline, until the next change gives one", async () => {
      const prefix = newPrefix();
      const store = dynamoStore(probe, { table, prefix });
      await put(`${prefix}endless`, { val: { B: bytes("a") } });
      const endless = { value: bytes("a"), expiresAt: 8_640_000_000_000_000 };
      expect(await store.read("endless")).toEqual(endless);
      expect(await store.create("endless", entry("b"))).toBe(false);
      expect(await store.update("endless", { ...entry("b"), before: bytes("b") })).toEqual({
        done: false,
        current: endless,
      });
      expect(await store.deleteExpired()).toBe(0);
      expect(await store.update("endless", { expiresAt: inAMinute() })).toEqual({ done: true });
      expect(await itemAt(`${prefix}endless`)).toHaveProperty("expiration.N");
    });

    test("always have a deadline, also where that is no instant", async () => {
      const prefix = newPrefix();
      const store = dynamoStore(probe, { table, prefix });
      const keys: string[] = [];
      for (const expiresAt of [Number.NaN, -Infinity, Infinity, Number.MAX_VALUE, 0.5]) {
        const [created, touched, swapped] = [newKey(), newKey(), newKey()];
        keys.push(created, touched, swapped);
        await store.create(created, { ...entry("a"), expiresAt });
        await store.create(touched, entry("a"));
        await store.update(touched, { expiresAt });
        await store.create(swapped, entry("a"));
        await store.update(swapped, { ...entry("b"), before: bytes("a"), expiresAt });
      }
      const items = await Promise.all(keys.map((key) => itemAt(prefix + key)));
      const deadlines = items.flatMap((item) => (item ? [item["expiration"]?.N] : []));
      expect(deadlines).toEqual(Array(6).fill("8640000000000"));
    });

    test("of somebody else, without bytes, are an error, and are not listed", async () => {
      const prefix = newPrefix();
      const store = dynamoStore(probe, { table, prefix });
      await put(`${prefix}key`, { val: { S: "text" } });
      await expect(store.read("key")).rejects.toThrow("no bytes under val");
      await expect(store.update("key", { ...entry("b"), before: bytes("a") })).rejects.toThrow("no bytes under val");
      expect(await store.list()[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
      expect(await store.delete("key")).toBe(true);
    });

    test("are listed and swept page by page, those of the prefix alone", async () => {
      const [prefix, clock] = [newPrefix(), manualClock()];
      const store = dynamoStore(probe, { table, prefix, clock });
      const other = dynamoStore(probe, { table, prefix: newPrefix(), clock });
      const large = (expiresAt: number) => ({ value: new Uint8Array(300_000), expiresAt });
      const [keys, dying] = [range(6).map(newKey), range(6).map(newKey)];
      for (const key of keys) await store.create(key, large(clock.now() + 2 * MINUTE));
      for (const key of dying) await store.create(key, large(clock.now() + MINUTE));
      await other.create("stranger", large(clock.now() + MINUTE));
      clock.advance(MINUTE);
      const listed: string[] = [];
      for await (const [key] of store.list()) listed.push(key);
      expect(listed.toSorted()).toEqual(keys.toSorted());
      expect(await store.deleteExpired()).toBe(6);
      expect(await itemAt(`${prefix}${dying[0]}`)).toBeUndefined();
      expect(await other.deleteExpired()).toBe(1);
    });

    test("may stand under no prefix", async () => {
      const key = newKey();
      const store = dynamoStore(probe, { table, prefix: "" });
      await store.create(key, entry("a"));
      expect(await itemAt(key)).toHaveProperty("val");
      const listed: string[] = [];
      for await (const [each] of store.list()) listed.push(each);
      expect(listed).toContain(key);
      expect(await store.deleteExpired()).toBeGreaterThanOrEqual(0);
      await store.delete(key);
    });
  });

  describe("the requests", () => {
    test("are one for each verb", async () => {
      const { store, asked } = counted();
      const key = newKey();
      const change = { ...entry("b"), before: bytes("a") };
      expect(await asked(() => store.create(key, entry("a")))).toEqual(["PutItem"]);
      expect(await asked(() => store.create(key, entry("a")))).toEqual(["PutItem"]);
      expect(await asked(() => store.read(key))).toEqual(["GetItem"]);
      expect(await asked(() => store.update(key, change))).toEqual(["UpdateItem"]);
      expect(await asked(() => store.update(key, change)), "a lost swap").toEqual(["UpdateItem"]);
      expect(await asked(() => store.update(key, { expiresAt: inAMinute() }))).toEqual(["UpdateItem"]);
      expect(await asked(() => store.update(key, { ...change, expiresAt: 0 }))).toEqual(["DeleteItem"]);
      expect(await asked(() => store.update(key, { expiresAt: 0 }))).toEqual(["DeleteItem"]);
      expect(await asked(() => store.delete(key))).toEqual(["DeleteItem"]);
    });

    test("look once more where a lost swap is not told what stands there, as by old clients", async () => {
      const { store, asked, client } = counted();
      client.middlewareStack.add(
        (next) => (args) => {
          const { ReturnValuesOnConditionCheckFailure: _new, ...old } = args.input as Record<string, unknown>;
          return next({ ...args, input: old });
        },
        { step: "initialize" },
      );
      const key = newKey();
      await store.create(key, entry("theirs"));
      const swap = () => store.update(key, { ...entry("mine"), before: bytes("before") });
      expect(await swap()).toMatchObject({ done: false, current: { value: bytes("theirs") } });
      expect(await asked(swap)).toEqual(["UpdateItem", "GetItem"]);
    });

    test("are not made for a key that DynamoDB cannot have: nothing is there", async () => {
      const { store, asked } = counted({ prefix: "" });
      for (const key of ["", "k".repeat(2049), "é".repeat(1025)]) {
        const none = await asked(async () => {
          expect(await store.read(key)).toBeUndefined();
          expect(await store.update(key, { expiresAt: inAMinute() })).toEqual({ done: false, current: undefined });
          expect(await store.delete(key)).toBe(false);
        });
        expect(none).toEqual([]);
        await expect(store.create(key, entry("a"))).rejects.toMatchObject({ name: "ValidationException" });
      }
      const longest = "k".repeat(2048);
      expect(await store.create(longest, entry("a"))).toBe(true);
      expect(await store.delete(longest)).toBe(true);
    });

    /** A store, and how often DynamoDB was asked what meanwhile. */
    function counted(options: DynamoStoreOptions = {}) {
      const client = clientOf(url);
      let names: string[] = [];
      client.middlewareStack.add(
        (next, { commandName }) =>
          (args) => {
            names.push(String(commandName).replace("Command", ""));
            return next(args);
          },
        { step: "finalizeRequest" },
      );
      const asked = async (act: () => Promise<unknown>) => {
        names = [];
        await act();
        return names;
      };
      return { client, asked, store: dynamoStore(client, { table, ...options }) };
    }
  });

  describe("what DynamoDB refuses", () => {
    test("is a value over its limit, and nothing is written", async () => {
      const prefix = newPrefix();
      const store = dynamoStore(probe, { table, prefix });
      const tooLarge = { value: new Uint8Array(409_600), expiresAt: inAMinute() };
      const refusal = { name: "ValidationException", message: expect.stringContaining("maximum allowed size") };
      await expect(store.create("key", tooLarge)).rejects.toMatchObject(refusal);
      expect(await itemAt(`${prefix}key`)).toBeUndefined();
      await store.create("key", entry("a"));
      await expect(store.update("key", { ...tooLarge, before: bytes("a") })).rejects.toMatchObject(refusal);
      expect(await store.read("key")).toMatchObject({ value: bytes("a") });
    });

    test("is a table that is not there", async () => {
      const store = dynamoStore(probe, { table: "flagon-nowhere" });
      expect(await errorsOf(store)).toEqual(everyVerb({ name: "ResourceNotFoundException" }));
    });

    test("is a table of another key", async () => {
      const other = await otherTable();
      const store = dynamoStore(probe, { table: other });
      expect(await errorsOf(store)).toEqual(everyVerb({ name: "ValidationException" }));
    });

    test("are credentials, refused or out of reach", async () => {
      const refused = clientOf(url, { credentials: { accessKeyId: "no-such-key!", secretAccessKey: "" } });
      const name = "UnrecognizedClientException";
      expect(await errorsOf(dynamoStore(refused, { table }))).toEqual(everyVerb({ name }));
      const none = clientOf(url, { credentials: () => Promise.reject(new Error("no credentials")) });
      expect(await errorsOf(dynamoStore(none, { table }))).toEqual(everyVerb({ message: "no credentials" }));
    });
  });

  describe("createTable", () => {
    test("makes a table once, by whomever", async () => {
      const name = `flagon-test-${randomUUID()}`;
      await Promise.all(range(3).map(() => createTable(probe, { table: name })));
      await createTable(probe, { table: name });
      expect(await dynamoStore(probe, { table: name }).create("key", entry("a"))).toBe(true);
      expect(await ttlOf(name)).toMatchObject({ TimeToLiveStatus: "DISABLED" });
      await probe.send(new DeleteTableCommand({ TableName: name }));
    });

    test("switches Time to Live on, and DynamoDB removes what has expired and nothing else", async () => {
      const name = `flagon-test-${randomUUID()}`;
      await createTable(probe, { table: name });
      await Promise.all(range(3).map(() => createTable(probe, { table: name, enableTtl: true })));
      expect(await ttlOf(name)).toEqual({ TimeToLiveStatus: "ENABLED", AttributeName: "expiration" });
      const clock = manualClock(Date.now() - MINUTE);
      for (const fractions of [false, true]) {
        const store = dynamoStore(probe, { table: name, clock, fractions });
        await store.create(`live ${fractions}`, { value: bytes("a"), expiresAt: Date.now() + 60 * MINUTE });
        await store.create(`expired ${fractions}`, { value: bytes("a"), expiresAt: clock.now() + 1 });
      }
      const left = async () => {
        const { Items = [] } = await probe.send(new ScanCommand({ TableName: name }));
        return Items.map(({ id }) => id?.S).toSorted();
      };
      await expect.poll(left, { timeout: 60_000 }).toEqual(["flagon:live false", "flagon:live true"]);
      await probe.send(new DeleteTableCommand({ TableName: name }));
    });

    test("tells of a table with another key", async () => {
      const other = await otherTable();
      const problem = { code: "CONFIG", message: expect.stringContaining("has the key id, sort") };
      await expect(createTable(probe, { table: other })).rejects.toMatchObject(problem);
    });

    test("lets DynamoDB's own errors through", async () => {
      const name = "ValidationException";
      await expect(createTable(probe, { table: "no name!" })).rejects.toMatchObject({ name });
    });

    async function ttlOf(name: string): Promise<unknown> {
      return (await probe.send(new DescribeTimeToLiveCommand({ TableName: name }))).TimeToLiveDescription;
    }
  });

  /** A table with a key that is not ours. */
  async function otherTable(): Promise<string> {
    const name = `flagon-test-${randomUUID()}`;
    const attributes = ["id", "sort"];
    await probe.send(
      new CreateTableCommand({
        TableName: name,
        AttributeDefinitions: attributes.map((each) => ({ AttributeName: each, AttributeType: "S" })),
        KeySchema: attributes.map((each, n) => ({ AttributeName: each, KeyType: n === 0 ? "HASH" : "RANGE" })),
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    return name;
  }
});

describe.skipIf(!canStart("dynamo"))("dynamo store over a DynamoDB of its own", () => {
  test("rejects while DynamoDB is down, and goes on when it is back", async () => {
    const mortal = await startDynamo();
    const client = clientOf(mortal.url);
    await createTable(client);
    const store = dynamoStore(client);
    await store.create("key", entry("a"));
    process.kill(mortal.pid, "SIGKILL");
    await mortal.stop();
    expect(await errorsOf(store)).toEqual(everyVerb({ code: "ECONNREFUSED" }));

    await untilTheEnd(startDynamo({ port: mortal.port }));
    await createTable(client);
    expect(await store.create("key", entry("a"))).toBe(true);
  });

  describe("over a line that breaks", () => {
    let line: Awaited<ReturnType<typeof startLine>>;
    let url: string;
    beforeAll(async () => {
      ({ url } = await untilTheEnd(startDynamo()));
      line = await untilTheEnd(startLine(url));
      await createTable(clientOf(url));
    });

    test.each([1, 3])("rejects a write whose reply was lost, at %i attempts of the client", async (maxAttempts) => {
      const key = newKey();
      const store = dynamoStore(clientOf(line.url, { maxAttempts }));
      line.next("replyLost");
      await expect(store.create(key, entry("a"))).rejects.toBeInstanceOf(Error);
      expect(await store.read(key)).toMatchObject({ value: bytes("a") });

      line.next("replyLost");
      await expect(store.update(key, { ...entry("b"), before: bytes("a") })).rejects.toBeInstanceOf(Error);
      expect(await store.update(key, { ...entry("c"), before: bytes("b") })).toEqual({ done: true });
    });

    test("lets the client ask again what can be asked twice", async () => {
      const key = newKey();
      const store = dynamoStore(clientOf(line.url));
      await store.create(key, entry("a"));
      line.next("replyLost");
      expect(await store.read(key)).toMatchObject({ value: bytes("a") });
      line.next("replyLost");
      expect(await store.update(key, { expiresAt: inAMinute() })).toEqual({ done: true });
      line.next("throttled");
      expect(await store.update(key, { ...entry("b"), before: bytes("a") })).toEqual({ done: true });
      line.next("replyLost");
      expect(await store.delete(key)).toBe(false);
      expect(await store.read(key)).toBeUndefined();
    });

    test("rejects with DynamoDB's own error when it is asked too much", async () => {
      const store = dynamoStore(clientOf(line.url, { maxAttempts: 1 }));
      line.next("throttled");
      await expect(store.read("key")).rejects.toMatchObject({ name: "ProvisionedThroughputExceededException" });
      expect(await store.read("key")).toBeUndefined();
    });
  });
});

describe("dynamo store without DynamoDB", () => {
  test.each([undefined, null, "http://localhost:8000", {}, new Map()])("refuses %s as a client", async (client) => {
    const refusal = expect.objectContaining({ code: "CONFIG" });
    expect(() => dynamoStore(client as never)).toThrow(refusal);
    await expect(createTable(client as never)).rejects.toEqual(refusal);
  });

  test.each([{ table: "" }, { table: 5 }, { prefix: 5 }, { clock: 5 }])("refuses the options %o", (options) => {
    expect(() => dynamoStore({ send: async () => ({}) }, options as never)).toThrow(
      expect.objectContaining({ code: "CONFIG" }),
    );
  });
});

/** What every verb rejects with; `undefined` for one that does not. */
function errorsOf(store: Store): Promise<unknown[]> {
  const change = { ...entry("b"), before: bytes("a") };
  const verbs = [
    store.create("key", entry("a")),
    store.read("key"),
    store.update("key", change),
    store.update("key", { expiresAt: inAMinute() }),
    store.delete("key"),
  ];
  return Promise.all(
    verbs.map((verb) =>
      verb.then(
        () => undefined,
        (error: unknown) => error,
      ),
    ),
  );
}

function everyVerb(properties: object): unknown[] {
  return Array(5).fill(expect.objectContaining(properties));
}

function newPrefix(): string {
  return `${randomUUID()}:`;
}
