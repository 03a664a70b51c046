import { nearest } from "../core/options.ts";
import type { Secret } from "../crypto/keyring.ts";
import { SessionError } from "../errors.ts";
import type { Former } from "./codec.ts";

/** Flask's and Flask-Session's configuration. Texts of the environment are read as what the key holds. */
export interface FlaskConfig {
  /** Signs the cookie. Without it and without a `SESSION_TYPE`, sessions can only be read. */
  SECRET_KEY?: Secret | null;
  /** Former keys, which are still verified. Default: none. */
  SECRET_KEY_FALLBACKS?: readonly Secret[] | string | null;
  /** Seconds. Default: 2678400 (31 days). */
  PERMANENT_SESSION_LIFETIME?: number | string;
  /** Default: true. */
  SESSION_REFRESH_EACH_REQUEST?: boolean | string;
  /** Default: `session`. */
  SESSION_COOKIE_NAME?: string;
  /** Default: none, so only the very host that set it gets it. */
  SESSION_COOKIE_DOMAIN?: string | false | null;
  /** Default: `APPLICATION_ROOT`. */
  SESSION_COOKIE_PATH?: string | null;
  /** Default: true. */
  SESSION_COOKIE_HTTPONLY?: boolean | string;
  /** Default: false. */
  SESSION_COOKIE_SECURE?: boolean | string;
  /** `Strict`, `Lax` or `None` in any letter case. Default: none. */
  SESSION_COOKIE_SAMESITE?: string | null;
  /** Default: false. Of the signed cookie only, as Flask-Session knows nothing of it. */
  SESSION_COOKIE_PARTITIONED?: boolean | string;
  /** Bytes of a `Set-Cookie` line above which a warning is given. Default: 4093; 0 gives none. */
  MAX_COOKIE_SIZE?: number | string;
  /** Default: `/`. */
  APPLICATION_ROOT?: string;
  /** Has no effect on cookies since Flask 2.3. */
  SERVER_NAME?: string | null;
  /**
   * `redis`, `memcached`, `filesystem`, `cachelib`, `mongodb`, `sqlalchemy`, `postgresql`, `dynamodb` or `null`, in any
   * letter case. Default: none, which is Flask's own signed cookie.
   */
  SESSION_TYPE?: string | null;
  /** Whether a new session outlives the browser. Default: true; of the signed cookie it is false. */
  SESSION_PERMANENT?: boolean | string;
  /** Whether the id in the cookie is signed. Default: false. */
  SESSION_USE_SIGNER?: boolean | string;
  /** Put before the id to make the store's key. Default: `session:`. */
  SESSION_KEY_PREFIX?: string;
  /** Random bytes of an id. Default: 32. */
  SESSION_ID_LENGTH?: number | string;
  /** `msgpack` or `json`. Default: `msgpack`. */
  SESSION_SERIALIZATION_FORMAT?: string;
  /** A connected client (node-redis, ioredis, iovalkey), or a URL. Default: `redis://localhost:6379`. */
  SESSION_REDIS?: object | string | null;
  /** Default: `flask_session`. */
  SESSION_FILE_DIR?: string;
  /** Not used: live sessions are never pruned. */
  SESSION_FILE_THRESHOLD?: number | string;
  /** The permissions of a session's file. Default: 0o600. */
  SESSION_FILE_MODE?: number | string;
  /** A client of `flagon/memcached`, or `host:port`. Default: `127.0.0.1:11211`. */
  SESSION_MEMCACHED?: object | string | null;
  /** A Keyv or an unstorage instance. Default: files in `./flask_session`, as with `filesystem`. */
  SESSION_CACHELIB?: object | null;
  /** A connected `MongoClient`, or a URL. Default: `mongodb://localhost:27017`. */
  SESSION_MONGODB?: object | string | null;
  /** Default: `flask_session`. */
  SESSION_MONGODB_DB?: string;
  /** Default: `sessions`. */
  SESSION_MONGODB_COLLECT?: string;
  /** A `Kysely`, or a URL: `postgresql://…`, `mysql://…`, `sqlite:///path`. Needed by the type `sqlalchemy`. */
  SESSION_SQLALCHEMY?: object | string | null;
  /** Default: `sessions`. */
  SESSION_SQLALCHEMY_TABLE?: string;
  /** Default: the connection's own. */
  SESSION_SQLALCHEMY_SCHEMA?: string | null;
  /** A sequence of PostgreSQL that numbers the rows. Default: the table's own. */
  SESSION_SQLALCHEMY_SEQUENCE?: string | null;
  /** Not used: give the database itself as `SESSION_SQLALCHEMY`. */
  SESSION_SQLALCHEMY_BIND_KEY?: string | null;
  /** A `Kysely` over PostgreSQL, or a URL. Needed by the type `postgresql`. */
  SESSION_POSTGRESQL?: object | string | null;
  /** Default: `flask_sessions`. */
  SESSION_POSTGRESQL_TABLE?: string;
  /** Default: `public`. */
  SESSION_POSTGRESQL_SCHEMA?: string;
  /** A `DynamoDBClient`, or the URL of an endpoint. Default: `http://localhost:8000`. */
  SESSION_DYNAMODB?: object | string | null;
  /** Default: `Sessions`. */
  SESSION_DYNAMODB_TABLE?: string;
  /** Whether the table is there already, and is not to be created. Default: false. */
  SESSION_DYNAMODB_TABLE_EXISTS?: boolean | string;
  /** Expired sessions are cleaned up at one of so many requests; 0 or none: never, there is `flagon sweep`. */
  SESSION_CLEANUP_N_REQUESTS?: number | string | null;
}

/** The configuration with its defaults, every value of its type. */
export interface Settings {
  secretKey: Secret | undefined;
  fallbacks: readonly Secret[];
  /** Seconds, with their fraction. */
  lifetime: number;
  refreshEachRequest: boolean;
  cookieName: string;
  cookieDomain: string | undefined;
  cookiePath: string;
  cookieHttpOnly: boolean;
  cookieSecure: boolean;
  cookieSameSite: string | undefined;
  cookiePartitioned: boolean;
  maxCookieSize: number;
  /** In lower case. */
  type: string | undefined;
  permanent: boolean;
  useSigner: boolean;
  keyPrefix: string;
  idLength: number;
  format: "msgpack" | "json";
  redis: object | string;
  fileDirectory: string;
  fileMode: number;
  memcached: object | string;
  cachelib: object | undefined;
  mongodb: object | string;
  mongodbDatabase: string;
  mongodbCollection: string;
  sqlalchemy: object | string | undefined;
  sqlalchemyTable: string;
  sqlalchemySchema: string | undefined;
  sqlalchemySequence: string | undefined;
  postgresql: object | string | undefined;
  postgresqlTable: string;
  postgresqlSchema: string;
  dynamodb: object | string;
  dynamodbTable: string;
  dynamodbTableExists: boolean;
  /** 0: never. */
  cleanupNRequests: number;
  /** From the options: Python has no key for it. */
  migrateFrom?: Former;
}

/** What Flask and Flask-Session read, whether we have a use for it yet or not. */
const KNOWN = `
  SESSION_REFRESH_EACH_REQUEST SESSION_COOKIE_NAME SESSION_COOKIE_DOMAIN SESSION_COOKIE_PATH SESSION_COOKIE_HTTPONLY
  SESSION_COOKIE_SECURE SESSION_COOKIE_SAMESITE SESSION_COOKIE_PARTITIONED SESSION_TYPE SESSION_PERMANENT
  SESSION_USE_SIGNER SESSION_KEY_PREFIX SESSION_ID_LENGTH SESSION_SERIALIZATION_FORMAT SESSION_CLEANUP_N_REQUESTS
  SESSION_REDIS SESSION_MEMCACHED SESSION_CACHELIB SESSION_FILE_DIR SESSION_FILE_THRESHOLD SESSION_FILE_MODE
  SESSION_MONGODB SESSION_MONGODB_DB SESSION_MONGODB_COLLECT SESSION_SQLALCHEMY SESSION_SQLALCHEMY_TABLE
  SESSION_SQLALCHEMY_SEQUENCE SESSION_SQLALCHEMY_SCHEMA SESSION_SQLALCHEMY_BIND_KEY SESSION_DYNAMODB
  SESSION_DYNAMODB_TABLE SESSION_DYNAMODB_TABLE_EXISTS SESSION_POSTGRESQL SESSION_POSTGRESQL_TABLE
  SESSION_POSTGRESQL_SCHEMA
`
  .trim()
  .split(/\s+/);

/** A desktop's X session manager puts this into every environment. */
const FOREIGN = "SESSION_MANAGER";

/** Reads a configuration. Throws `CONFIG` for a value that means nothing, and for a `SESSION_` key that nobody knows. */
export function settingsOf(config: FlaskConfig | Readonly<Record<string, unknown>>): Settings {
  checkNames(config);
  const read = new Reader(config as Readonly<Record<string, unknown>>);
  return {
    secretKey: read.secret("SECRET_KEY"),
    fallbacks: read.secrets("SECRET_KEY_FALLBACKS"),
    lifetime: read.number("PERMANENT_SESSION_LIFETIME", 31 * 24 * 3600),
    refreshEachRequest: read.boolean("SESSION_REFRESH_EACH_REQUEST", true),
    cookieName: read.text("SESSION_COOKIE_NAME", "session"),
    cookieDomain: read.optional("SESSION_COOKIE_DOMAIN"),
    cookiePath: read.optional("SESSION_COOKIE_PATH") ?? read.text("APPLICATION_ROOT", "/"),
    cookieHttpOnly: read.boolean("SESSION_COOKIE_HTTPONLY", true),
    cookieSecure: read.boolean("SESSION_COOKIE_SECURE", false),
    cookieSameSite: read.nullable("SESSION_COOKIE_SAMESITE"),
    cookiePartitioned: read.boolean("SESSION_COOKIE_PARTITIONED", false),
    maxCookieSize: read.number("MAX_COOKIE_SIZE", 4093),
    type: read.optional("SESSION_TYPE")?.toLowerCase(),
    permanent: read.boolean("SESSION_PERMANENT", true),
    useSigner: read.boolean("SESSION_USE_SIGNER", false),
    keyPrefix: read.text("SESSION_KEY_PREFIX", "session:"),
    idLength: read.idLength("SESSION_ID_LENGTH", 32),
    format: read.format("SESSION_SERIALIZATION_FORMAT"),
    redis: read.client("SESSION_REDIS", "redis://localhost:6379"),
    fileDirectory: read.text("SESSION_FILE_DIR", "flask_session"),
    fileMode: read.mode("SESSION_FILE_MODE", 0o600),
    memcached: read.client("SESSION_MEMCACHED", "127.0.0.1:11211"),
    cachelib: read.object("SESSION_CACHELIB"),
    mongodb: read.client("SESSION_MONGODB", "mongodb://localhost:27017"),
    mongodbDatabase: read.text("SESSION_MONGODB_DB", "flask_session"),
    mongodbCollection: read.text("SESSION_MONGODB_COLLECT", "sessions"),
    sqlalchemy: read.client("SESSION_SQLALCHEMY", undefined),
    sqlalchemyTable: read.text("SESSION_SQLALCHEMY_TABLE", "sessions"),
    sqlalchemySchema: read.optional("SESSION_SQLALCHEMY_SCHEMA"),
    sqlalchemySequence: read.optional("SESSION_SQLALCHEMY_SEQUENCE"),
    postgresql: read.client("SESSION_POSTGRESQL", undefined),
    postgresqlTable: read.text("SESSION_POSTGRESQL_TABLE", "flask_sessions"),
    postgresqlSchema: read.text("SESSION_POSTGRESQL_SCHEMA", "public"),
    dynamodb: read.client("SESSION_DYNAMODB", "http://localhost:8000"),
    dynamodbTable: read.text("SESSION_DYNAMODB_TABLE", "Sessions"),
    dynamodbTableExists: read.boolean("SESSION_DYNAMODB_TABLE_EXISTS", false),
    cleanupNRequests: read.count("SESSION_CLEANUP_N_REQUESTS"),
  };
}

function checkNames(config: object): void {
  for (const name of Object.keys(config)) {
    if (!name.startsWith("SESSION_") || KNOWN.includes(name) || name === FOREIGN) continue;
    throw new SessionError(
      "CONFIG",
      `${name} is no key of Flask or Flask-Session; did you mean ${nearest(name, KNOWN)}?`,
    );
  }
}

const TRUE = /^(?:true|yes|on|1)$/i;
const FALSE = /^(?:false|no|off|0|)$/i;

class Reader {
  readonly #config: Readonly<Record<string, unknown>>;

  constructor(config: Readonly<Record<string, unknown>>) {
    this.#config = config;
  }

  /** `undefined` for Python's None as well. */
  #given(name: string): unknown {
    return Object.hasOwn(this.#config, name) ? (this.#config[name] ?? undefined) : undefined;
  }

  boolean(name: string, fallback: boolean): boolean {
    const value = this.#given(name) ?? fallback;
    if (typeof value === "boolean") return value;
    const text = textOf(value);
    if (TRUE.test(text)) return true;
    if (FALSE.test(text)) return false;
    throw wrong(name, value, "true or false");
  }

  number(name: string, fallback: number): number {
    const value = this.#given(name) ?? fallback;
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof number === "number" && Number.isFinite(number)) return number;
    throw wrong(name, value, "a number");
  }

  text(name: string, fallback: string): string {
    const value = this.#given(name) ?? fallback;
    if (typeof value === "string") return value;
    throw wrong(name, value, "a text");
  }

  /** A text; `undefined` for None, False and nothing. */
  optional(name: string): string | undefined {
    const value = this.#given(name);
    if (value === undefined || value === false || (typeof value === "string" && value === "")) return undefined;
    return this.text(name, "");
  }

  /** A text or None; an empty text is a text. */
  nullable(name: string): string | undefined {
    return this.#given(name) === undefined ? undefined : this.text(name, "");
  }

  secret(name: string): Secret | undefined {
    const value = this.#given(name);
    if (value === undefined || value === "") return undefined;
    if (typeof value === "string" || value instanceof Uint8Array) return value.length === 0 ? undefined : value;
    throw wrong(name, value, "a text or bytes");
  }

  /** A list, or its texts parted by commas. */
  secrets(name: string): readonly Secret[] {
    const value = this.#given(name) ?? [];
    const list: unknown = typeof value === "string" ? value.split(",").filter((key) => key !== "") : value;
    const isSecret = (key: unknown): key is Secret => typeof key === "string" || key instanceof Uint8Array;
    if (Array.isArray(list) && list.every(isSecret)) return list;
    throw wrong(name, value, "a list of texts or bytes");
  }

  idLength(name: string, fallback: number): number {
    const value = this.number(name, fallback);
    if (Number.isInteger(value) && value >= 1 && value <= 1024) return value;
    throw wrong(name, value, "a whole number of bytes from 1 to 1024; 32 is the default");
  }

  format(name: string): "msgpack" | "json" {
    const value = this.text(name, "msgpack");
    if (value === "msgpack" || value === "json") return value;
    throw wrong(name, value, "'msgpack' or 'json'");
  }

  client<Fallback extends string | undefined>(name: string, fallback: Fallback): object | string | Fallback {
    const value = this.#given(name);
    if (value === undefined || value === "") return fallback;
    if (isObject(value) || typeof value === "string") return value;
    throw wrong(name, value, "a client or a URL");
  }

  object(name: string): object | undefined {
    const value = this.#given(name);
    if (value === undefined || isObject(value)) return value;
    throw wrong(name, value, "an object");
  }

  /** A whole number; 0 for none. */
  count(name: string): number {
    const value = this.number(name, 0);
    if (Number.isSafeInteger(value) && value >= 0) return value;
    throw wrong(name, value, "a whole number from 0");
  }

  /** A number, or its digits: octal behind `0o` or `0`, else decimal, as in Python and in shells. */
  mode(name: string, fallback: number): number {
    const value = this.#given(name) ?? fallback;
    const text = textOf(value).trim();
    const mode = /^0o?[0-7]+$/.test(text) ? Number.parseInt(text.replace("o", ""), 8) : Number(text);
    if (Number.isInteger(mode) && mode > 0 && mode <= 0o777) return mode;
    throw wrong(name, value, "permissions such as 0o600");
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** What stands for a value that is neither text nor number: nothing that any key takes. */
const NO_TEXT = "?";

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : NO_TEXT;
}

function wrong(name: string, value: unknown, wanted: string): SessionError {
  const told = typeof value === "string" || typeof value === "number" ? JSON.stringify(value) : typeof value;
  return new SessionError("CONFIG", `${name} is ${name.startsWith("SECRET") ? typeof value : told}; give ${wanted}`);
}
