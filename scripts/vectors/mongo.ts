import { randomUUID } from "node:crypto";
import { Binary, BSON, type Collection, type Db, MongoClient } from "mongodb";
import { flaskSession } from "../../src/flask/flask.ts";
import { type Verdict, compared } from "./differences.ts";
import { engineFor } from "./engine.ts";
import { entries } from "./entries.ts";
import type { Case, Entry, Suite, Tools } from "./suite.ts";

interface MongoEntry extends Entry {
  db?: string;
  collection?: string;
  document?: { id: string; val_b64: string; expiration: string };
  bson_b64?: string;
}

/** What a kind of request sends. */
interface Commands extends Case {
  commands: readonly Command[];
}

/** One of a few commands, without what a driver adds to each. */
interface Command {
  createIndexes?: string;
  indexes?: readonly { name: string; key: object; expireAfterSeconds?: number }[];
  find?: string;
  filter?: { id: string };
  limit?: number;
  singleBatch?: boolean;
  update?: string;
  delete?: string;
  deletes?: readonly { q: { id: string }; limit: number }[];
}

/** Flask-Session's documents in MongoDB, and the commands that it sends. */
export const mongoEntries: Suite = {
  engine: "mongo",
  groups: {
    ...entries<MongoEntry>(async (example, tools) => {
      const { db = "flask_session", collection: name = "sessions", document, bson_b64 = "" } = example;
      const { lent, emptied } = await tools.once("mongo", openServer);
      const collection = await emptied(db, name);
      return {
        config: {
          SESSION_TYPE: "mongodb",
          SESSION_MONGODB: lent,
          SESSION_MONGODB_DB: db,
          SESSION_MONGODB_COLLECT: name,
          ...(document && { SESSION_KEY_PREFIX: document.id.slice(0, -(example.sid ?? "").length) }),
        },
        async put() {
          await emptied(db, name);
          await collection.insertOne(BSON.deserialize(Buffer.from(bson_b64, "base64")));
        },
        stored: () => told(collection),
        written: document && [document.id, 0, document.val_b64, Date.parse(document.expiration), 4],
      };
    }),
    commands: (example, tools) => sent(example as Commands, tools),
  },
};

/** What the one document says, and how many fields it has. */
async function told(collection: Collection): Promise<unknown> {
  const [document] = await collection.find().toArray();
  if (!document) return undefined;
  const { id, val, expiration } = document as unknown as { id: string; val: Binary; expiration: Date };
  return [id, val.sub_type, val.toString("base64"), expiration.getTime(), Object.keys(document).length];
}

async function sent({ commands }: Commands, tools: Tools): Promise<Verdict> {
  // Flask-Session finds an expired document and writes it again.
  if (commands.some(({ update }) => update !== undefined)) return { notApplicable: "expired records" };
  const server = await tools.once("mongo", openServer);
  const isEnded = commands.some((command) => command.delete !== undefined);
  const id = commands.find(({ filter }) => filter)?.filter?.id;
  const collection = await server.emptied();
  if (id !== undefined && isEnded) await collection.insertOne({ id, ...SAVED });
  const ours = await sentMeanwhile(server.client, () => request(server.lent, id, isEnded));
  const wanted = commands.flatMap(partsOf);
  const kinds = new Set(wanted.map(([kind]) => kind));
  const parts = ours.flatMap(partsOf).filter(([kind]) => kinds.has(kind));
  return compared("commands", parts, wanted);
}

/** What a session of one key left a while ago, and has not expired. */
const SAVED = { val: new Binary(Buffer.from("gaFhAQ==", "base64"), 0), expiration: new Date(2 ** 42) };

/** A request with the cookie of an id, or the first one of a visitor, which is saved. */
async function request(client: object, id: string | undefined, isEnded: boolean): Promise<void> {
  const sessions = flaskSession<Record<string, unknown>>({ SESSION_TYPE: "mongodb", SESSION_MONGODB: client });
  const cookie = id && `session=${id.slice("session:".length)}`;
  const session = await sessions.open({ cookie, secure: false });
  if (isEnded) session.clear();
  if (id === undefined) session["user"] = "ada";
  await sessions.save(session);
}

async function sentMeanwhile(client: MongoClient, act: () => Promise<void>): Promise<Command[]> {
  const commands: Command[] = [];
  const listen = ({ command }: { command: object }) => commands.push(command);
  client.on("commandStarted", listen);
  await act();
  client.off("commandStarted", listen);
  return commands;
}

/** A command without the additions of ours: an index that keeps ids unique, a condition that the session is live. */
function partsOf(command: Command): [kind: string, ...rest: unknown[]][] {
  const { createIndexes, indexes = [], find, filter, limit, singleBatch, deletes = [] } = command;
  if (find !== undefined) return [["find", find, filter, limit, singleBatch]];
  const made = indexes.filter(({ expireAfterSeconds }) => expireAfterSeconds !== undefined);
  return [
    ...made.map((each) => ["index", createIndexes, each.name, fieldsOf(each.key), each.expireAfterSeconds] as const),
    ...deletes.map(({ q, limit: most }) => ["delete", command.delete, q.id, most] as const),
  ].map(([kind, ...rest]) => [kind, ...rest]);
}

/** The fields of an index, which the driver sends as a `Map`. */
function fieldsOf(key: object): unknown {
  return key instanceof Map ? [...key] : Object.entries(key);
}

interface Server {
  client: MongoClient;
  /** As a client, with databases of its own, whatever they are called: the server may be somebody's. */
  lent: { db(name: string): Db };
  /** A collection without documents, whose server removes nothing: those of the vectors ended in 2024. */
  emptied(database?: string, name?: string): Promise<Collection>;
}

async function openServer(): Promise<Server & { close(): Promise<void> }> {
  const server = await engineFor("mongo");
  const client = await new MongoClient(server.url, { monitorCommands: true }).connect();
  const databases = new Map<string, Db>();
  const lent = {
    db(name: string): Db {
      const database = databases.get(name) ?? client.db(`flagon-vectors-${randomUUID()}`);
      databases.set(name, database);
      return database;
    },
  };
  return {
    client,
    lent,
    async emptied(database = "flask_session", name = "sessions") {
      const collection = lent.db(database).collection(name);
      await collection.deleteMany({});
      await collection.createIndex({ expiration: 1 });
      return collection;
    },
    async close() {
      for (const database of databases.values()) await database.dropDatabase();
      await client.close();
      await server.stop();
    },
  };
}
