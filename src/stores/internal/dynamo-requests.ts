/** What `dynamoStore` asks of DynamoDB, each by one request. */
import { type DynamoClient, isCalled, send } from "./dynamo-client.ts";
import { type Item, secondsOf } from "./dynamo-items.ts";

/** Where the items of a store are. */
export interface Items {
  readonly client: DynamoClient;
  readonly table: string;
  readonly prefix: string;
}

/** Why a write was not done, as far as DynamoDB and the SDK tell it. */
export interface Refusal {
  /** What stands there. */
  readonly Item?: Item | undefined;
  readonly $metadata?: { readonly attempts?: number | undefined };
}

/** Conditions on an item. One without a deadline, which others may have left, lives. */
export const EXPIRED = "expiration <= :now";
export const LIVE = `attribute_exists(id) AND NOT ${EXPIRED}`;
export const UNCHANGED = `val = :before AND NOT ${EXPIRED}`;

/** Adds an item where none is live. */
export function add(items: Items, key: string, attributes: Item, now: number): Promise<Refusal | undefined> {
  const input = {
    TableName: items.table,
    Item: { id: { S: items.prefix + key }, ...attributes },
    ConditionExpression: `attribute_not_exists(id) OR ${EXPIRED}`,
    ExpressionAttributeValues: nowOf(now),
  };
  return refusalOf(send(items.client, (sdk) => new sdk.PutItemCommand(input)));
}

/** The item as it is after all writes that were acknowledged. */
export async function get(items: Items, key: string): Promise<Item | undefined> {
  if (!isPossible(items, key)) return undefined;
  const input = { ...placeOf(items, key), ConsistentRead: true };
  const { Item } = await send(items.client, (sdk) => new sdk.GetItemCommand(input));
  return Item;
}

/** A change of an item that is done if a condition holds. */
export interface Statement {
  readonly condition: string;
  /** What the condition compares with, besides the time. */
  readonly values?: Item;
  /** The attributes that get a new value; without it the item is removed. */
  readonly sets?: Item | undefined;
  readonly now: number;
}

/** Changes or removes an item. */
export async function change(items: Items, key: string, statement: Statement): Promise<Refusal | undefined> {
  if (!isPossible(items, key)) return {};
  const { condition, values, sets = {}, now } = statement;
  const names = Object.keys(sets);
  const input = {
    ...placeOf(items, key),
    ConditionExpression: condition,
    ExpressionAttributeValues: { ...nowOf(now), ...values, ...mapKeys(sets, (name) => `:${name}`) },
    ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
  };
  const UpdateExpression = `SET ${names.map((name) => `${name} = :${name}`).join(", ")}`;
  return refusalOf(
    names.length === 0
      ? send(items.client, (sdk) => new sdk.DeleteItemCommand(input))
      : send(items.client, (sdk) => new sdk.UpdateItemCommand({ ...input, UpdateExpression })),
  );
}

/** The items under the prefix that meet a condition, page by page: all of them, or one attribute of each. */
export async function* scan(items: Items, condition: string, now: number, attribute?: string): AsyncGenerator<Item[]> {
  const { client, table, prefix } = items;
  const input = {
    TableName: table,
    ConsistentRead: true,
    FilterExpression: prefix === "" ? condition : `${condition} AND begins_with(id, :prefix)`,
    ExpressionAttributeValues: { ...nowOf(now), ...(prefix !== "" && { ":prefix": { S: prefix } }) },
    ...(attribute && { ProjectionExpression: attribute }),
  };
  let last: Item | undefined;
  do {
    const page = { ...input, ...(last && { ExclusiveStartKey: last }) };
    const { Items: found = [], LastEvaluatedKey } = await send(client, (sdk) => new sdk.ScanCommand(page));
    yield found;
    last = LastEvaluatedKey;
  } while (last !== undefined);
}

/** The store's key of an item. */
export function keyOf({ prefix }: Items, { id }: Item): string {
  return (id?.S ?? "").slice(prefix.length);
}

/**
 * Hands a refusal on, and throws one that is in doubt.
 *
 * The SDK asks again when a reply was lost. If the write was done the first time, its own condition fails the second
 * time, and nobody can tell whether it was done.
 */
export function sure(refusal: Refusal | undefined): Refusal | undefined {
  if ((refusal?.$metadata?.attempts ?? 1) > 1) throw refusal;
  return refusal;
}

async function refusalOf(writing: Promise<unknown>): Promise<Refusal | undefined> {
  try {
    await writing;
    return undefined;
  } catch (error) {
    if (!isCalled("ConditionalCheckFailedException", error)) throw error;
    return error as Error & Refusal;
  }
}

/** Whether an item can be there at all: DynamoDB has no empty keys, and none over 2048 bytes. */
function isPossible({ prefix }: Items, key: string): boolean {
  const size = Buffer.byteLength(prefix + key);
  return size > 0 && size <= 2048;
}

function placeOf({ table, prefix }: Items, key: string) {
  return { TableName: table, Key: { id: { S: prefix + key } } };
}

function nowOf(now: number): Item {
  return { ":now": { N: secondsOf(now) } };
}

function mapKeys(item: Item, rename: (name: string) => string): Item {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [rename(name), value]));
}
