import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";

/** What every client of a local server is given: it asks for some region and credentials, whatever they are. */
export const LOCAL = {
  region: "us-west-2",
  credentials: { accessKeyId: "dummy", secretAccessKey: "dummy" },
} satisfies DynamoDBClientConfig;

/** A client of a local server, as an application would make it. */
export function clientOf(endpoint: string, options: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({ endpoint, ...LOCAL, ...options });
}
