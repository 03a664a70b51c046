/** The stores that several processes can share, as an application would open them in each process. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { createClient } from "redis";
import type { EngineName } from "../../scripts/engines/index.mjs";
import { engineFor } from "../../scripts/vectors/engine.ts";
import { type Clock, systemClock } from "../../src/index.ts";
import { createTable as createDynamoTable, dynamoStore } from "../../src/stores/dynamo.ts";
import { memcachedClient, memcachedStore } from "../../src/stores/memcached.ts";
import { mongoStore } from "../../src/stores/mongo.ts";
import { redisStore } from "../../src/stores/redis.ts";
import { createTable as createSqlTable, sqlStore } from "../../src/stores/sql.ts";
import { clientOf } from "../stores/dynamo-client.ts";
import { openers } from "../stores/sql-databases.ts";
import { DISKS, type Opened } from "./disk/disks.ts";

/** Where processes meet. */
export interface Place {
  /** What has to run; without one the address is a folder of the test's own. */
  readonly engine?: EngineName;
  /** Makes what the store needs there: once, before it is opened. */
  prepare?(address: string): Promise<unknown>;
  /** Takes away what a figure has left there, where others would pay for that. */
  clear?(address: string): Promise<unknown>;
  /** Whether its store tells what has expired by a clock that it is given; else the engine does, by its own. */
  readonly clocked?: true;
  open(address: string, clock?: Clock): Promise<Opened>;
}

const TABLE = "flagon_proof";

export const PLACES: Readonly<Record<string, Place>> = {
  file: { ...DISKS.file, clocked: true },
  sqlite: DISKS.sqlite,
  redis: {
    engine: "redis",
    async open(url) {
      const client = createClient({ url }).on("error", () => undefined);
      await client.connect();
      return { store: redisStore(client), close: () => client.destroy() };
    },
  },
  memcached: {
    engine: "memcached",
    async open(server) {
      const client = memcachedClient(server);
      return { store: memcachedStore(client), close: () => client.close() };
    },
  },
  postgres: { engine: "postgres", ...sqlPlace("postgres") },
  mariadb: { engine: "mariadb", ...sqlPlace("mariadb") },
  mongo: {
    engine: "mongo",
    clocked: true,
    // FerretDB looks through all of a collection for each command.
    async clear(url) {
      const client = new MongoClient(url);
      await mongoSessions(client).deleteMany();
      await client.close();
    },
    async open(url, clock = systemClock) {
      const client = new MongoClient(url);
      return { store: mongoStore(mongoSessions(client), { clock }), close: () => client.close() };
    },
  },
  dynamo: {
    engine: "dynamo",
    clocked: true,
    async prepare(url) {
      const client = clientOf(url);
      await createDynamoTable(client, { table: TABLE });
      client.destroy();
    },
    async open(url, clock) {
      const client = clientOf(url);
      // To the millisecond, where time is the test's own.
      const options = clock && { clock, fractions: true };
      return { store: dynamoStore(client, { table: TABLE, ...options }), close: () => client.destroy() };
    },
  },
};

function mongoSessions(client: MongoClient) {
  return client.db("flagon_proof").collection("sessions");
}

function sqlPlace(engine: "postgres" | "mariadb"): Pick<Place, "prepare" | "open"> {
  return {
    async prepare(address) {
      const db = openers[engine](address);
      await createSqlTable(db, { table: TABLE });
      await db.destroy();
    },
    async open(address) {
      const db = openers[engine](address);
      return { store: sqlStore(db, { table: TABLE }), close: () => db.destroy() };
    },
  };
}

/** What an engine is told to be reached by. */
interface Access {
  readonly url?: string;
  readonly server?: string;
  stop(): unknown;
}

/** Where a place is, from now until `stop`: its engine, or a folder. Ready to be opened, and again after each `clear`. */
export async function groundOf(name: string): Promise<{ address: string; clear(): unknown; stop(): unknown }> {
  const place = PLACES[name];
  const ground = place?.engine === undefined ? newFolder() : addressed(await engineFor(place.engine));
  await place?.prepare?.(ground.address);
  return { ...ground, clear: () => place?.clear?.(ground.address) };
}

function addressed(access: Access) {
  return { address: access.url ?? access.server ?? "", stop: () => access.stop() };
}

function newFolder() {
  const address = mkdtempSync(join(tmpdir(), "flagon-proof-"));
  return { address, stop: () => rmSync(address, { recursive: true, force: true }) };
}
