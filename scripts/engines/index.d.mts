/** Something that tests need and npm does not bring: a file in this folder and a row in `index.mjs`. */
export interface Engine<Access> {
  /** What its line in a test run calls it: `redis-server`. */
  readonly title: string;
  /** The environment variable that names one to use as it is; nothing is looked for then. */
  readonly variable: string;
  /** The Debian packages that bring it. */
  readonly packages: readonly string[];
  /** What would bring it, where it is no package. */
  readonly mend?: string;
  /** Brings what no Debian package does, as far as that can be done here; says nothing where it cannot. */
  build?(): void;
  /** The version installed here; `undefined` when there is none. */
  version(): string | undefined;
  /** Gives access to the one that the variable names, or else starts an own one, which `stop` ends. */
  open(): Promise<Access & { stop(): Promise<void> }>;
}

export interface Engines {
  readonly redis: Engine<{ readonly url: string }>;
  readonly memcached: Engine<{ readonly server: string }>;
  readonly postgres: Engine<{ readonly url: string }>;
  readonly mariadb: Engine<{ readonly url: string }>;
  readonly mongo: Engine<{ readonly url: string }>;
  readonly dynamo: Engine<{ readonly url: string }>;
  readonly flask: Engine<{ readonly python: string }>;
  readonly chromium: Engine<{ readonly path: string }>;
  readonly runtimes: Engine<Readonly<Record<RuntimeName, string>>>;
  /** A folder with packages installed as `frameworks/` has them. */
  readonly frameworks: Engine<{ readonly path: string }>;
  readonly strace: Engine<{ readonly path: string }>;
}

/** A runtime, as `runtimes/` has it. */
export type RuntimeName = "node20" | "node22" | "node24" | "node26" | "bun" | "deno" | "workerd";

export type EngineName = keyof Engines;

export const engines: Engines;

/** Whether the engine can be opened, and the line that says so or what would mend it. */
export function lookFor(name: EngineName): { readonly found: boolean; readonly line: string };

/** Installs what is missing of these, where that is possible: as root on Debian. */
export function install(names: readonly EngineName[]): void;

/** A server of our own. It ends with the process that started it. */
export interface Server {
  readonly port: number;
  readonly pid: number;
  /** Ends the server, if nothing else has, and removes its folder. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  readonly command: string;
  /** The arguments that make it listen on `127.0.0.1` at the port; it runs in the folder. */
  readonly args: (port: number, folder: string) => readonly string[];
  /** Puts into the folder, which is empty at first, what the server needs to start. */
  readonly prepare?: (folder: string) => void | Promise<void>;
  /** The user that it runs as, where it refuses to run as root and we are; the folder is that user's then. */
  readonly user?: string;
  /** Whether it is up, as far as an answer at the port tells; `says` makes such a question. Asked until it is. */
  readonly isUp: (port: number) => Promise<boolean>;
  /** A free one by default. */
  readonly port?: number | undefined;
  /** Added to the environment that it inherits. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** The signal that stops it. Default `'SIGTERM'`. */
  readonly stopsBy?: NodeJS.Signals;
}

/** Starts a server. Resolves once it answers; rejects with what it said if it does not come up. */
export function startServer(options: ServerOptions): Promise<Server>;

/** Asks at a port: whether what is said there is answered by something that begins with `welcome`. */
export function says(hello: string | Uint8Array, welcome: string): (port: number) => Promise<boolean>;

/** A Redis of our own. */
export interface RedisServer extends Server {
  readonly url: string;
}

/** Starts a Redis that keeps nothing on disk, whatever `REDIS_URL` says. `args` are added to its own. */
export function startRedis(options?: {
  readonly port?: number;
  readonly args?: readonly string[];
}): Promise<RedisServer>;

/** Starts a Redis that replicates another; resolves when it has caught up with it. */
export function startReplica(primary: Server): Promise<RedisServer>;

/** Starts a cluster: three primaries first, then a replica of each. A primary that is silent for 2 s is replaced. */
export function startCluster(): Promise<{ readonly nodes: readonly RedisServer[]; stop(): Promise<void> }>;

/** Starts a PostgreSQL whose superuser needs no password, whatever `POSTGRES_URL` says. `args` are added to its own. */
export function startPostgres(options?: {
  readonly port?: number;
  readonly args?: readonly string[];
}): Promise<Server & { readonly url: string }>;

/** Starts a MariaDB whose root needs no password, whatever `MYSQL_URL` says. `args` are added to its own. */
export function startMariadb(options?: {
  readonly port?: number;
  readonly args?: readonly string[];
}): Promise<Server & { readonly url: string }>;

/** Starts a Sentinel that watches one Redis under the name `primary`, and is enough of a quorum by itself. */
export function startSentinel(redisPort: number): Promise<Server>;

/** Starts a DynamoDB Local that keeps everything in memory, whatever `DYNAMODB_URL` says. It takes any credentials. */
export function startDynamo(options?: { readonly port?: number }): Promise<Server & { readonly url: string }>;

/** Starts a memcached, whatever `MEMCACHED_SERVER` says. `args` are added to its own; they may name what is prepared. */
export function startMemcached(options?: {
  readonly port?: number;
  readonly args?: readonly string[];
  /** Puts into its folder, where it runs, what `args` name. */
  readonly prepare?: ServerOptions["prepare"];
  /** Whether it is up, where that cannot be asked as usual: with TLS, or with a password. */
  readonly isUp?: ServerOptions["isUp"];
}): Promise<Server & { readonly server: string }>;

/** What a memcached answers to a command. It is asked past the package, in texts whose characters are bytes. */
export function askMemcached(server: string, command: string): Promise<string>;

/** Starts an application of Flask's, as `flask run` does: `app` is the path of a file that defines `app`. */
export function startFlask(
  app: string,
  options?: { readonly env?: Readonly<Record<string, string>>; readonly port?: number },
): Promise<Server & { readonly url: string }>;

/** Starts a server that speaks MongoDB's protocol, whatever `MONGODB_URL` says. It has been built. */
export function startMongo(options?: { readonly port?: number }): Promise<Server & { readonly url: string }>;

/** Starts a Redis under the name `primary`, its replica and three Sentinels, which replace it when it is silent for 1 s. */
export function startSentinels(): Promise<{
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly Server[];
  stop(): Promise<void>;
}>;
