import { randomUUID } from "node:crypto";
import { DeleteTableCommand, DescribeTableCommand, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { flaskSession } from "../../src/flask/flask.ts";
import { patientSession } from "./patient.ts";
import { Visitor } from "../core/helpers.ts";
import { canStart, engine, has, startDynamo, untilTheEnd } from "../engines.ts";
import { clientOf } from "../stores/dynamo-client.ts";

const table = `flagon-test-${randomUUID()}`;

describe.skipIf(!has("dynamo"))("SESSION_TYPE dynamodb", () => {
  let url: string;
  let probe: ReturnType<typeof clientOf>;
  beforeAll(async () => {
    ({ url } = await engine("dynamo"));
    probe = clientOf(url);
  });
  afterAll(async () => {
    await probe.send(new DeleteTableCommand({ TableName: table }));
  });

  test("keeps sessions in a table that it makes, as items of Flask-Session", async () => {
    const config = { SESSION_TYPE: "dynamodb", SESSION_DYNAMODB: probe, SESSION_DYNAMODB_TABLE: table };
    const before = new Visitor(patientSession({ ...config, SESSION_SERIALIZATION_FORMAT: "json" }));
    await before.visit((session) => Object.assign(session, { user: "ada" }));
    const after = new Visitor(patientSession({ ...config, SESSION_DYNAMODB_TABLE_EXISTS: true }));
    after.cookie = before.cookie;
    const session = await after.open();
    expect({ ...session }).toEqual({ _permanent: true, user: "ada" });

    const id = { S: `session:${session.id}` };
    const { Item } = await probe.send(new GetItemCommand({ TableName: table, Key: { id } }));
    const val = { B: Uint8Array.from(Buffer.from('{"_permanent":true,"user":"ada"}')) };
    expect(Item).toEqual({ id, val, expiration: { N: expect.stringMatching(/^\d{10}(?:\.\d+)?$/) } });
  });

  test("makes no table where one is said to be there", async () => {
    const name = `flagon-test-${randomUUID()}`;
    const config = { SESSION_TYPE: "dynamodb", SESSION_DYNAMODB: probe, SESSION_DYNAMODB_TABLE: name };
    const visitor = new Visitor(patientSession({ ...config, SESSION_DYNAMODB_TABLE_EXISTS: "true" }));
    visitor.cookie = "session=unknown";
    await expect(visitor.open()).rejects.toMatchObject({ code: "STORE", cause: { name: "ResourceNotFoundException" } });
    const look = probe.send(new DescribeTableCommand({ TableName: name }));
    await expect(look).rejects.toMatchObject({ name: "ResourceNotFoundException" });
  });
});

describe.skipIf(!canStart("dynamo"))("SESSION_DYNAMODB as a URL", () => {
  test("is asked with Flask-Session's credentials", async () => {
    const first = await untilTheEnd(startDynamo());
    const sessions = patientSession({ SESSION_TYPE: "dynamodb", SESSION_DYNAMODB: first.url });
    const visitor = new Visitor(sessions);
    await visitor.visit((session) => Object.assign(session, { user: "ada" }));
    expect((await visitor.open())["user"]).toBe("ada");
    // The table's default name, in the account of boto3's `dummy`.
    const { Table } = await clientOf(first.url).send(new DescribeTableCommand({ TableName: "Sessions" }));
    expect(Table?.BillingModeSummary?.BillingMode).toBe("PAY_PER_REQUEST");

    await first.stop();
    await expect(visitor.open()).rejects.toMatchObject({ code: "STORE", status: 503 });
  });

  test("that nobody answers at is tried again by the next request", async () => {
    const { port, stop } = await startDynamo();
    await stop();
    const endpoint = `http://localhost:${port}`;
    const visitor = new Visitor(patientSession({ SESSION_TYPE: "dynamodb", SESSION_DYNAMODB: endpoint }));
    visitor.cookie = "session=unknown";
    await expect(visitor.open()).rejects.toMatchObject({ code: "STORE", status: 503 });
    await untilTheEnd(startDynamo({ port }));
    expect((await visitor.open()).isNew).toBe(true);
  });
});

describe("SESSION_DYNAMODB", () => {
  test.each([{}, "localhost", { send: 5 }])("is refused as %o, when it is given", (given) => {
    const config = { SESSION_TYPE: "dynamodb", SESSION_DYNAMODB: given };
    expect(() => flaskSession(config)).toThrow(expect.objectContaining({ code: "CONFIG" }));
  });
});
