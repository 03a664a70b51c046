/** Who takes part: each library over each store, and the one that it is held against. */
import { RedisStore } from "connect-redis";
import type { Express } from "express";
import { MemoryStore } from "express-session";
import { memoryStore } from "flagon/memory";
import { type NodeRedis, redisStore } from "flagon/redis";
import { bare } from "./contenders/bare.ts";
import { expressSessionOver } from "./contenders/express-session.ts";
import { lazyFlagonOver } from "./contenders/flagon-lazy.ts";
import { flagonOver } from "./contenders/flagon.ts";

/** What an app is made over. */
export interface Means {
  /** A connected client, configured as it comes. */
  redis: NodeRedis;
  /** The same store, with the calls of these methods told where they are counted. */
  watch: <Store extends object>(store: Store, methods: readonly (keyof Store & string)[]) => Store;
}

export interface Contender {
  readonly title: string;
  readonly store: "none" | "memory" | "redis";
  /** The contender that it should beat. */
  readonly rival?: string;
  app(means: Means): Express;
}

const OURS = ["create", "read", "update", "delete"] as const;
const THEIRS = ["get", "set", "touch", "destroy"] as const;
/** The best settings that express-session has. */
const TUNED = { resave: false, saveUninitialized: false } as const;

/** Express alone. */
export const BARE: Contender = { title: "express alone", store: "none", app: bare };

export const CONTENDERS: readonly Contender[] = [
  {
    title: "flagon, memory",
    store: "memory",
    rival: "express-session, memory",
    app: ({ watch }) => flagonOver(watch(memoryStore(), OURS)),
  },
  {
    title: "flagon lazy, memory",
    store: "memory",
    rival: "express-session, memory",
    app: ({ watch }) => lazyFlagonOver(watch(memoryStore(), OURS)),
  },
  {
    title: "express-session, memory",
    store: "memory",
    app: ({ watch }) => expressSessionOver(watch(new MemoryStore(), THEIRS), TUNED),
  },
  {
    title: "flagon, redis",
    store: "redis",
    rival: "express-session, redis",
    app: ({ redis }) => flagonOver(redisStore(redis)),
  },
  {
    title: "flagon lazy, redis",
    store: "redis",
    rival: "express-session, redis",
    app: ({ redis }) => lazyFlagonOver(redisStore(redis)),
  },
  {
    title: "express-session, redis",
    store: "redis",
    app: ({ redis }) => expressSessionOver(new RedisStore({ client: redis }), TUNED),
  },
  {
    title: "express-session as it comes, redis",
    store: "redis",
    app: ({ redis }) => expressSessionOver(new RedisStore({ client: redis }), {}),
  },
];

export function contenderOf(title: string): Contender {
  const found = [BARE, ...CONTENDERS].find((contender) => contender.title === title);
  if (!found) throw new Error(`no contender is called ${title}`);
  return found;
}
