/** Something that tests need and npm does not bring: a file in this folder and a row in `index.mjs`. */
export interface Engine<Access> {
  /** What its line in a test run calls it: `redis-server`. */
  readonly title: string;
  /** The environment variable that names one to use as it is; nothing is looked for then. */
  readonly variable: string;
  /** The Debian packages that bring it. */
  readonly packages: readonly string[];
  /** Brings what no Debian package does, as far as that can be done here; says nothing where it cannot. */
  build?(): void;
  /** The version installed here; `undefined` when there is none. */
  version(): string | undefined;
  /** Gives access to the one that the variable names, or else starts an own one, which `stop` ends. */
  open(): Promise<Access & { stop(): Promise<void> }>;
}

export interface Engines {
  readonly redis: Engine<{ readonly url: string }>;
  readonly postgres: Engine<{ readonly url: string }>;
  readonly mariadb: Engine<{ readonly url: string }>;
  readonly chromium: Engine<{ readonly path: string }>;
}

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
  /** The signal that makes it go soon. Default: `SIGTERM`. */
  readonly ending?: NodeJS.Signals;
  /** A free one by default. */
  readonly port?: number | undefined;
}

/** Asks at a port: whether what is said there is answered by something that begins with `welcome`. */
export function says(hello: string | Uint8Array, welcome: string): (port: number) => Promise<boolean>;

/** Starts a Redis that keeps nothing on disk, whatever `REDIS_URL` says. `args` are added to its own. */
export function startRedis(options?: {
  readonly port?: number;
  readonly args?: readonly string[];
}): Promise<Server & { readonly url: string }>;

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
