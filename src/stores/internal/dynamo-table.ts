import { SessionError } from "../../errors.ts";
import { type DynamoClient, checkTable, isCalled, sdk, send } from "./dynamo-client.ts";

/** Which table `createTable` makes. */
export interface DynamoTableOptions {
  /** Default `'Sessions'`. */
  table?: string;
  /** Whether DynamoDB itself is to remove what has expired, within days and for free. Default `false`. */
  enableTtl?: boolean;
}

/** How long a table may take to come up, in seconds. */
const PATIENCE = 60;

/**
 * Creates the table that `dynamoStore` keeps its entries in, paid by request, and waits until it can be used. A table
 * that is there already will do, if its key is `id`, a string, alone; else it throws `CONFIG`.
 */
export async function createTable(
  client: DynamoClient,
  { table = "Sessions", enableTtl = false }: DynamoTableOptions = {},
): Promise<void> {
  checkTable(client, table);
  try {
    await create(client, table);
  } catch (error) {
    if (!isCalled("ResourceInUseException", error)) throw error;
  }
  await untilActive(client, table);
  await checkKey(client, table);
  if (enableTtl) await switchOnTtl(client, table);
}

function create(client: DynamoClient, table: string): Promise<unknown> {
  const input = {
    TableName: table,
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" as const }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" as const }],
    BillingMode: "PAY_PER_REQUEST" as const,
  };
  return send(client, ({ CreateTableCommand }) => new CreateTableCommand(input));
}

async function untilActive(client: DynamoClient, table: string): Promise<void> {
  const { waitUntilTableExists } = await sdk();
  const waiter = { client: client as never, minDelay: 1, maxDelay: 5, maxWaitTime: PATIENCE };
  await waitUntilTableExists(waiter, { TableName: table });
}

async function checkKey(client: DynamoClient, table: string): Promise<void> {
  const { Table } = await send(client, (own) => new own.DescribeTableCommand({ TableName: table }));
  const key = Table?.KeySchema?.map(({ AttributeName }) => AttributeName) ?? [];
  const types = Table?.AttributeDefinitions ?? [];
  const isText = types.some((each) => each.AttributeName === "id" && each.AttributeType === "S");
  if (key.length === 1 && key[0] === "id" && isText) return;
  throw new SessionError("CONFIG", `table ${table} has the key ${key.join(", ")}; give one whose key is id, a string`);
}

async function switchOnTtl(client: DynamoClient, table: string): Promise<void> {
  const specification = { Enabled: true, AttributeName: "expiration" };
  const input = { TableName: table, TimeToLiveSpecification: specification };
  try {
    await send(client, (own) => new own.UpdateTimeToLiveCommand(input));
  } catch (error) {
    // So DynamoDB says also that it is on already, or that another process was first.
    if (!isCalled("ValidationException", error) || !(await hasTtl(client, table))) throw error;
  }
}

async function hasTtl(client: DynamoClient, table: string): Promise<boolean> {
  const input = { TableName: table };
  const { TimeToLiveDescription: ttl } = await send(client, (own) => new own.DescribeTimeToLiveCommand(input));
  return ttl?.AttributeName === "expiration" && ["ENABLING", "ENABLED"].includes(ttl.TimeToLiveStatus ?? "");
}
