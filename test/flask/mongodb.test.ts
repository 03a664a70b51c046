import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { Binary, type MongoClient } from "mongodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { flaskSession } from "../../src/flask/flask.ts";
import { patientSession } from "./patient.ts";
import { Visitor } from "../core/helpers.ts";
import { canStart, engine, has, startMongo, untilTheEnd } from "../engines.ts";
import { connect } from "../stores/mongo-commands.ts";

const DATABASE = `flagon-test-${randomUUID()}`;

describe.skipIf(!has("mongo"))("SESSION_TYPE mongodb", () => {
  let client: MongoClient;

  beforeAll(async () => {
    const { url } = await engine("mongo");
    ({ client } = await untilTheEnd(connect(url)));
  });
  afterAll(() => client.db(DATABASE).dropDatabase());

  test("reads what Python wrote, and leaves nothing behind a logout", async () => {
    const sessions = client.db(DATABASE).collection("sess");
    const config = { SESSION_TYPE: "mongodb", SESSION_MONGODB_DB: DATABASE, SESSION_MONGODB_COLLECT: "sess" };
    const visitor = new Visitor(patientSession({ ...config, SESSION_MONGODB: client }));
    const val = new Binary(Buffer.from("gqpfcGVybWFuZW50w6R1c2Vyo2FkYQ==", "base64"), 0);
    await sessions.insertOne({ id: "session:sid", val, expiration: new Date(Date.now() + 60_000) });
    visitor.cookie = "session=sid";
    expect({ ...(await visitor.open()) }).toEqual({ _permanent: true, user: "ada" });

    await visitor.visit((session) => Object.assign(session, { user: "eve" }));
    const [document, ...more] = await sessions.find().toArray();
    expect(more).toEqual([]);
    expect(Object.keys(document ?? {})).toEqual(["_id", "id", "val", "expiration"]);

    await visitor.visit((session) => session.clear());
    expect(await sessions.countDocuments()).toBe(0);
  });

  test.each([{}, new Map(), { updateOne: () => undefined }])("refuses %o as a client, when it is given", (given) => {
    const config = { SESSION_TYPE: "mongodb", SESSION_MONGODB: given };
    expect(() => flaskSession(config)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });

  test("refuses what is no URL of MongoDB, and does not repeat it", async () => {
    const sessions = patientSession({ SESSION_TYPE: "mongodb", SESSION_MONGODB: "http://root:secret@db" });
    const visitor = new Visitor(sessions);
    visitor.cookie = "session=sid";
    const refusal: unknown = await visitor.open().catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: "CONFIG" });
    expect(inspect(refusal)).not.toContain("secret");
  });
});

describe.skipIf(!canStart("mongo"))("SESSION_MONGODB as a URL", () => {
  test("is connected, and again when the server comes back", async () => {
    const first = await startMongo();
    const sessions = patientSession({ SESSION_TYPE: "mongodb", SESSION_MONGODB: first.url });
    const visitor = new Visitor(sessions);
    await visitor.visit((session) => Object.assign(session, { user: "ada" }));
    expect((await visitor.open())["user"]).toBe("ada");

    await first.stop();
    await expect(visitor.open()).rejects.toMatchObject({ code: "STORE", status: 503 });

    await untilTheEnd(startMongo({ port: first.port }));
    await expect.poll(async () => (await visitor.open()).isNew).toBe(true);
  });

  test("that nobody answers at is tried again by the next request", async () => {
    const { port, stop } = await startMongo();
    await stop();
    const url = `mongodb://127.0.0.1:${port}/?serverSelectionTimeoutMS=100`;
    const visitor = new Visitor(patientSession({ SESSION_TYPE: "mongodb", SESSION_MONGODB: url }));
    visitor.cookie = "session=unknown";
    await expect(visitor.open()).rejects.toMatchObject({ code: "STORE", status: 503 });
    await untilTheEnd(startMongo({ port }));
    expect((await visitor.open()).isNew).toBe(true);
  });
});
