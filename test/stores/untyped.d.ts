// The stores for express-session whose packages bring no types, as far as the tests use them.
declare module "express-session" {
  type Callback = (error?: unknown, answer?: unknown) => void;

  /** What all of its stores have. */
  export class Store {
    get(id: string, callback: Callback): void;
    set(id: string, session: object, callback: Callback): void;
    destroy(id: string, callback: Callback): void;
    all?(callback: Callback): void;
  }
  export class MemoryStore extends Store {}

  type Middleware = import("../../src/adapters/express-session.ts").SessionMiddleware;
  const session: ((options: object) => Middleware) & { Store: typeof Store; MemoryStore: typeof MemoryStore };
  export default session;
}

declare module "session-file-store" {
  import type { Store } from "express-session";

  export default function fileStoreOf(session: object): new (options: object) => Store;
}

declare module "connect-pg-simple" {
  import type { Store } from "express-session";
  import type { Pool } from "pg";

  interface Options {
    pool: Pool;
    tableName?: string;
    createTableIfMissing?: boolean;
  }

  class PgStore extends Store {
    constructor(options: Options);
    close(): Promise<void>;
  }

  export default function pgStoreOf(session: object): typeof PgStore;
}

declare module "express-mysql-session" {
  import type { Store } from "express-session";

  class MysqlStore extends Store {
    constructor(options: object, pool: object);
    onReady(): Promise<void>;
  }

  export default function mysqlStoreOf(session: object): typeof MysqlStore;
}
