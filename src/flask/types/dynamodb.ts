import { SessionError } from "../../errors.ts";
import { type DynamoClient, createTable, dynamoStore } from "../../stores/dynamo.ts";
import { type Open, load } from "../opening.ts";

/** `SESSION_TYPE` `dynamodb`: the client or the endpoint of `SESSION_DYNAMODB`, and a table that is made if need be. */
export const openDynamo: Open = ({ dynamodb, dynamodbTable: table, dynamodbTableExists }, clock) => {
  const storeOver = (client: DynamoClient) => dynamoStore(client, { table, prefix: "", fractions: true, clock });
  const make = async (client: DynamoClient) => {
    if (!dynamodbTableExists) await createTable(client, { table });
    return storeOver(client);
  };
  if (typeof dynamodb === "string") {
    const endpoint = endpointOf(dynamodb);
    return async () => make(await connect(endpoint));
  }
  const client = dynamodb as DynamoClient;
  const store = storeOver(client);
  return dynamodbTableExists ? store : () => make(client);
};

function endpointOf(url: string): URL {
  if (URL.canParse(url)) return new URL(url);
  throw new SessionError("CONFIG", "SESSION_DYNAMODB is no URL; give that of an endpoint, or a DynamoDBClient");
}

/** What Flask-Session tells a local server, which takes any credentials but keeps apart what came with others. */
const LOCAL = { region: "us-west-2", credentials: { accessKeyId: "dummy", secretAccessKey: "dummy" } };

/** A client of our own. For an endpoint elsewhere, region and credentials are found as the SDK always does. */
async function connect(endpoint: URL): Promise<DynamoClient> {
  const sdk = await load("SESSION_DYNAMODB", "@aws-sdk/client-dynamodb", import("@aws-sdk/client-dynamodb"));
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(endpoint.hostname);
  return new sdk.DynamoDBClient({ endpoint: endpoint.href, ...(isLocal && LOCAL) });
}
