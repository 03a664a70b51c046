/** What is run in a runtime, by name. A suite is a kit of `flagon/testing`, or the vectors recorded from Flask. */

/** Adapters over `node:http`, or over what a runtime has of it. */
export const NODE_ADAPTERS = ["node:http", "Express 5", "Express 4", "Fastify 5", "Koa 3", "Koa 2", "h3 1"] as const;

/**
 * Adapters for requests and responses of web standards. Hono comes last: its server for Node replaces the global
 * `Response`, and h3 2 in the same process then answers what was thrown with 200.
 */
export const WEB_ADAPTERS = ["fetch", "h3 2", "Hono 4"] as const;

/** Stores in the runtime itself, and on its disk. */
export const OWN_STORES = ["memoryStore", "fileStore", "sqlStore on SQLite"] as const;

/** Stores behind a socket. */
export const REMOTE_STORES = ["redisStore on node-redis 6", "redisStore on ioredis 5", "memcachedStore"] as const;

export const FLASK = ["Flask's cookies", "Flask's lifecycle"] as const;

export const MEETINGS = ["requests that meet"] as const;

/** Everything that a runtime is asked. */
export const ALL = [...FLASK, ...MEETINGS, ...OWN_STORES, ...REMOTE_STORES, ...NODE_ADAPTERS, ...WEB_ADAPTERS] as const;

export type SuiteName = (typeof ALL)[number];
