import { isDeepStrictEqual } from "node:util";
import {
  type AttributeValue,
  DeleteItemCommand,
  DeleteTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { flaskSession } from "../../src/flask/flask.ts";
import { createTable } from "../../src/stores/dynamo.ts";
import { PASSED, type Verdict, failed } from "./differences.ts";
import { engineFor } from "./engine.ts";
import { entries } from "./entries.ts";
import type { Case, Entry, Suite, Tools } from "./suite.ts";

/** An item, bytes as base64. */
interface Written {
  id: { S: string };
  val: { B: string };
  expiration: { N: string };
}

interface DynamoEntry extends Entry {
  table?: string;
  item?: Written;
}

interface Commands extends Case {
  commands: { operation: string; body: { TableName: string } }[];
}

/** Flask-Session's items in DynamoDB, and what it asks at its start. */
export const dynamodb: Suite = {
  engine: "dynamo",
  groups: {
    ...entries<DynamoEntry>(async ({ sid = "unencodable", table = "Sessions", item }, tools) => {
      const client = await clientOf(tools);
      const id = item?.id.S ?? `session:${sid}`;
      const place = { TableName: table, Key: { id: { S: id } } };
      await createTable(client, { table });
      await client.send(new DeleteItemCommand(place));
      return {
        config: {
          SESSION_TYPE: "dynamodb",
          SESSION_DYNAMODB: client,
          SESSION_DYNAMODB_TABLE: table,
          SESSION_KEY_PREFIX: id.slice(0, id.length - sid.length),
        },
        put: async () => item && client.send(new PutItemCommand({ TableName: table, Item: itemOf(item) })),
        async stored() {
          const { Item } = await client.send(new GetItemCommand({ ...place, ConsistentRead: true }));
          return Item && told(Item);
        },
        written: item,
      };
    }),
    commands: (example, tools) => commands(example as Commands, tools),
  },
};

/** What is asked at the start, of tables alone. All other statements are ours. */
async function commands({ name, commands: theirs }: Commands, tools: Tools): Promise<Verdict> {
  if (!theirs.every(({ operation }) => /Table|TimeToLive/.test(operation)))
    return { notApplicable: "compare and swap" };
  const client = await clientOf(tools);
  const table = theirs[0]?.body.TableName ?? "";
  if (name.includes("existing")) await createTable(client, { table });
  const ours = await recorded(client, async () => {
    const config = { SESSION_TYPE: "dynamodb", SESSION_DYNAMODB: client, SESSION_DYNAMODB_TABLE: table };
    await flaskSession(config).open({ cookie: "session=unknown", secure: false });
  });
  await client.send(new DeleteTableCommand({ TableName: table }));
  // Those that only look do not count: we wait for the table, and then look for a session.
  const changing = ours.filter(({ operation }) => !/^(?:Describe|Get)/.test(operation));
  return isDeepStrictEqual(changing, theirs) ? PASSED : failed(`ours ${JSON.stringify(changing)}`);
}

/** What a client is asked meanwhile. */
async function recorded(client: DynamoDBClient, act: () => Promise<unknown>): Promise<Commands["commands"]> {
  const asked: Commands["commands"] = [];
  client.middlewareStack.add(
    (next, { commandName = "" }) =>
      (args) => {
        asked.push({ operation: commandName.replace("Command", ""), body: args.input as { TableName: string } });
        return next(args);
      },
    { step: "initialize", name: "recorder" },
  );
  await act();
  client.middlewareStack.remove("recorder");
  return asked;
}

/** An item as it is written in vectors. */
function told({ id, val, expiration }: Record<string, AttributeValue>): Written {
  const bytes = Buffer.from(val?.B ?? []).toString("base64");
  return { id: { S: id?.S ?? "" }, val: { B: bytes }, expiration: { N: expiration?.N ?? "" } };
}

function itemOf({ id, val, expiration }: Written): Record<string, AttributeValue> {
  return { id, val: { B: Buffer.from(val.B, "base64") }, expiration };
}

async function clientOf(tools: Tools): Promise<DynamoDBClient> {
  const { client } = await tools.once("dynamodb", async () => {
    const server = await engineFor("dynamo");
    const credentials = { accessKeyId: "dummy", secretAccessKey: "dummy" };
    const opened = new DynamoDBClient({ endpoint: server.url, region: "us-west-2", credentials });
    return { client: opened, close: () => server.stop() };
  });
  return client;
}
