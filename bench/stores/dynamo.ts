import {
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { createTable, dynamoStore } from "flagon/dynamo";
import { startDynamo } from "../../scripts/engines/index.mjs";
import type { Subject } from "./subject.ts";

const TABLE = "Sessions";

/** Amazon's own DynamoDB Local: a stand-in in Java, whose speed says nothing of the service. */
export const dynamo: Subject = {
  name: "dynamo",
  title: "DynamoDB Local",
  calls: 500,
  sessions: 20_000,
  start: startDynamo,
  async connect(url, clock) {
    const credentials = { accessKeyId: "bench", secretAccessKey: "bench" };
    const client = new DynamoDBClient({ endpoint: url, region: "eu-central-1", credentials });
    await createTable(client, { table: TABLE });
    const secondsOf = (instant: number) => ({ N: String(Math.ceil(instant / 1000)) });
    return {
      store: dynamoStore(client, { table: TABLE, clock }),
      raw: {
        async create(key, value, expiresAt) {
          const input = {
            TableName: TABLE,
            Item: { id: { S: key }, val: { B: value }, expiration: secondsOf(expiresAt) },
            ConditionExpression: "attribute_not_exists(id) OR expiration <= :now",
            ExpressionAttributeValues: { ":now": secondsOf(clock.now()) },
          };
          return (await client.send(new PutItemCommand(input))).$metadata.httpStatusCode === 200;
        },
        async read(key) {
          const input = { TableName: TABLE, Key: { id: { S: key } }, ConsistentRead: true };
          return (await client.send(new GetItemCommand(input))).Item?.["val"]?.B;
        },
        async update(key, before, value, expiresAt) {
          const input = {
            TableName: TABLE,
            Key: { id: { S: key } },
            UpdateExpression: "SET val = :val, expiration = :expiration",
            ConditionExpression: "val = :before AND NOT expiration <= :now",
            ExpressionAttributeValues: {
              ":now": secondsOf(clock.now()),
              ":before": { B: before },
              ":val": { B: value },
              ":expiration": secondsOf(expiresAt),
            },
            ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
          };
          return (await client.send(new UpdateItemCommand(input))).$metadata.httpStatusCode === 200;
        },
      },
      async size() {
        const { Table } = await client.send(new DescribeTableCommand({ TableName: TABLE }));
        return Table?.TableSizeBytes ?? NaN;
      },
      close: () => client.destroy(),
    };
  },
};
