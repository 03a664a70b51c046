/** The AWS SDK as far as stores know it. It is an optional peer, so it is loaded with the first request. */
import { inspect } from "node:util";
import { SessionError } from "../../errors.ts";

/** What is asked of a client of `@aws-sdk/client-dynamodb` 3. */
export interface DynamoClient {
  send(command: never): Promise<unknown>;
}

type Sdk = typeof import("@aws-sdk/client-dynamodb");

/** A command of the SDK, known by what it answers. */
interface Command<Output> {
  resolveMiddleware(...args: never[]): (...args: never[]) => Promise<{ output: Output }>;
}

let loading: Promise<Sdk> | undefined;

/** The package of the commands. */
export function sdk(): Promise<Sdk> {
  loading ??= import("@aws-sdk/client-dynamodb");
  return loading;
}

/** Sends a command, which is made of the SDK. */
export async function send<Output>(client: DynamoClient, make: (sdk: Sdk) => Command<Output>): Promise<Output> {
  return client.send(make(await sdk()) as never) as Promise<Output>;
}

/** Whether an error is one that the SDK or DynamoDB calls by a name. */
export function isCalled(name: string, error: unknown): error is Error {
  return error instanceof Error && error.name === name;
}

/** Throws `CONFIG` for anything that cannot send commands, or is no name of a table. */
export function checkTable(client: unknown, table: unknown): void {
  if (typeof (client as { send?: unknown } | null | undefined)?.send !== "function") {
    throw new SessionError(
      "CONFIG",
      "that is no client of DynamoDB; give a DynamoDBClient of @aws-sdk/client-dynamodb",
    );
  }
  if (typeof table === "string" && table !== "") return;
  throw new SessionError("CONFIG", `table is ${inspect(table)}; give the name of a table`);
}
