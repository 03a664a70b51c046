import { report, warnOnce } from "../../events.ts";

/** What is asked of a collection to make its indexes. */
export interface Indexed {
  createIndexes(indexes: IndexWish[], options: object): Promise<unknown>;
  listIndexes(options: object): { toArray(): Promise<IndexFound[]> };
}

interface IndexWish {
  key: Record<string, 1>;
  name: string;
  unique?: true;
  expireAfterSeconds?: 0;
}

interface IndexFound {
  key?: unknown;
  unique?: boolean;
  expireAfterSeconds?: number;
}

/** What a server says that will not or cannot make an index, and will say again. Any other error is an outage. */
const REFUSALS = new Set([
  1, // InternalError: FerretDB 1, of ids that stand twice
  2, // BadValue
  13, // Unauthorized
  26, // NamespaceNotFound: there are no indexes to be listed
  67, // CannotCreateIndex
  72, // InvalidOptions
  85, // IndexOptionsConflict
  86, // IndexKeySpecsConflict
  115, // CommandNotSupported
  238, // NotImplemented: FerretDB 1, of an index that removes documents
  11_000, // DuplicateKey: ids that stand twice
]);

const NOT_UNIQUE =
  "mongoStore: ids of sessions are not unique: some stand in two documents, or there is an index on `id` that is not unique, or this " +
  "user may make none; remove what is in the way and create the unique index { id: 1 }";
const NOT_EXPIRING =
  "mongoStore: the server removes no expired sessions, since it has no index { expiration: 1 } with expireAfterSeconds; create one, or " +
  "call deleteExpired() now and then";

const UNIQUE = { key: { id: 1 }, name: "id_1", unique: true } as const;
/** Flask-Session's own, by name and options, so that each finds the other's. */
const EXPIRING = { key: { expiration: 1 }, name: "expiration_1", expireAfterSeconds: 0 } as const;
/** For `deleteExpired` where the server does not remove what has expired. */
const ORDERED = { key: { expiration: 1 }, name: "expiration_1" } as const;

/** Makes the indexes that are missing, and says aloud what cannot be had. Whether ids are unique then. */
export async function makeIndexes(collection: Indexed, options: object): Promise<{ unique: boolean }> {
  await unlessRefused(() => collection.createIndexes([UNIQUE], options));
  await unlessRefused(() => collection.createIndexes([EXPIRING], options));
  // What was refused may be there under another name, and FerretDB 1 grants what it does not make.
  const found = (await unlessRefused(() => collection.listIndexes(options).toArray())) ?? [];
  const unique = found.some((index) => isOn("id", index) && index.unique === true);
  const onExpiration = found.filter((index) => isOn("expiration", index));
  if (!unique) tell("MONGODB_NOT_UNIQUE", NOT_UNIQUE);
  if (onExpiration.every(({ expireAfterSeconds }) => expireAfterSeconds === undefined)) {
    tell("MONGODB_NOT_EXPIRING", NOT_EXPIRING);
    if (onExpiration.length === 0) await unlessRefused(() => collection.createIndexes([ORDERED], options));
  }
  return { unique };
}

async function unlessRefused<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

function isRefusal(error: unknown): boolean {
  return REFUSALS.has((error as { code?: unknown }).code as number);
}

/** Whether an index is on this field and no other. */
function isOn(field: string, { key }: IndexFound): boolean {
  return Object.keys(key as object).join() === field;
}

function tell(code: string, reason: string): void {
  warnOnce(code, reason);
  report({ type: "degraded", reason });
}
