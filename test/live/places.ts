/** Where Flask and Node keep the same sessions: the configuration that both are given, as it is. */
import { randomUUID } from "node:crypto";
import type { EngineName } from "../../scripts/engines/index.mjs";
import { engine, untilTheEnd } from "../engines.ts";
import { connect } from "../stores/mongo-commands.ts";
import { openHome } from "../stores/sql-home.ts";

/** What can be kept there, and how much: see values.ts. */
export type Format = "tagged" | "msgpack" | "json";

export interface Place {
  readonly title: string;
  readonly needs: readonly EngineName[];
  readonly format: Format;
  /** The most characters that a single text has. */
  readonly size: number;
  /**
   * Whether a request of Flask that only reads writes nothing but the expiry: MariaDB shows a transaction the same row at
   * both of its looks, so that SQLAlchemy finds the data unchanged.
   */
  readonly refreshesExpiryOnly?: boolean;
  /** Rounds of random data in a run of all tests; `npm run live -- --rounds 500` for more. */
  readonly rounds: number;
  open(): Promise<Config>;
}

export type Config = Readonly<Record<string, string | number | boolean>>;

const name = `flagon-live-${randomUUID().slice(0, 8)}`;
const COMMON = { SECRET_KEY: "a secret of the live tests", PERMANENT_SESSION_LIFETIME: 600 };
/** What keeps our records apart from those of others in the same engine. */
const STORED = { ...COMMON, SESSION_KEY_PREFIX: `${name}:` };
const SIZE = 100_000;

export const PLACES: readonly Place[] = [
  {
    title: "the signed cookie",
    needs: [],
    format: "tagged",
    size: SIZE,
    rounds: 50,
    open: async () => COMMON,
  },
  redis("msgpack"),
  redis("json"),
  {
    title: "memcached",
    needs: ["memcached"],
    format: "msgpack",
    size: SIZE,
    rounds: 100,
    async open() {
      const { server } = await engine("memcached");
      return { ...STORED, SESSION_TYPE: "memcached", SESSION_MEMCACHED: server };
    },
  },
  sqlalchemy("sqlite"),
  sqlalchemy("postgres"),
  sqlalchemy("mariadb"),
  {
    title: "MongoDB",
    needs: ["mongo"],
    format: "msgpack",
    size: SIZE,
    rounds: 25,
    async open() {
      const { url } = await engine("mongo");
      const { client } = await untilTheEnd(connect(url));
      await untilTheEnd(Promise.resolve({ stop: () => client.db(name).dropDatabase() }));
      return { ...STORED, SESSION_TYPE: "mongodb", SESSION_MONGODB: url, SESSION_MONGODB_DB: name };
    },
  },
  {
    title: "DynamoDB",
    needs: ["dynamo"],
    format: "msgpack",
    size: SIZE,
    rounds: 25,
    async open() {
      const { url } = await engine("dynamo");
      return { ...STORED, SESSION_TYPE: "dynamodb", SESSION_DYNAMODB: url, SESSION_DYNAMODB_TABLE: name };
    },
  },
];

function redis(format: "msgpack" | "json"): Place {
  return {
    title: `Redis, ${format}, with signed ids`,
    needs: ["redis"],
    format,
    size: SIZE,
    rounds: 100,
    async open() {
      const { url } = await engine("redis");
      const kind = { SESSION_TYPE: "redis", SESSION_REDIS: url, SESSION_SERIALIZATION_FORMAT: format };
      return { ...STORED, ...kind, SESSION_USE_SIGNER: true };
    },
  };
}

const DRIVERS = { sqlite: "sqlite:///", postgres: "postgresql+psycopg2:", mariadb: "mysql+pymysql:" };

function sqlalchemy(database: "sqlite" | "postgres" | "mariadb"): Place {
  return {
    title: `SQLAlchemy, ${database}`,
    needs: database === "sqlite" ? [] : [database],
    format: "msgpack",
    // A BLOB of MariaDB, which SQLAlchemy makes there, ends at 65 535 bytes.
    size: database === "mariadb" ? 15_000 : SIZE,
    refreshesExpiryOnly: database === "mariadb",
    rounds: 50,
    async open() {
      const { url, schema } = await openHome(database);
      const SESSION_SQLALCHEMY = DRIVERS[database] + (database === "sqlite" ? url : url.replace(/^\w+:/, ""));
      const place = schema === undefined ? {} : { SESSION_SQLALCHEMY_SCHEMA: schema };
      return { ...STORED, SESSION_TYPE: "sqlalchemy", SESSION_SQLALCHEMY, ...place };
    },
  };
}

/** Whether sessions are on the server, and the cookie holds an id. */
export function isStored({ format }: Place): boolean {
  return format !== "tagged";
}
