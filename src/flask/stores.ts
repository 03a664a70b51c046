import type { Clock } from "../clock.ts";
import { type Guarded, guarded } from "../core/guard.ts";
import { SessionError } from "../errors.ts";
import type { Store } from "../store.ts";
import type { Settings } from "./config.ts";
import { type Open, opening, reach } from "./opening.ts";
import { openCachelib } from "./types/cachelib.ts";
import { openDynamo } from "./types/dynamodb.ts";
import { openFiles } from "./types/filesystem.ts";
import { openMemcached } from "./types/memcached.ts";
import { openMongo } from "./types/mongodb.ts";
import { openRedis } from "./types/redis.ts";
import { openPostgresql, openSqlalchemy } from "./types/sql.ts";

const TYPES = new Map<string, Open>([
  ["redis", openRedis],
  ["memcached", openMemcached],
  ["filesystem", openFiles],
  ["cachelib", openCachelib],
  ["mongodb", openMongo],
  ["sqlalchemy", openSqlalchemy],
  ["postgresql", openPostgresql],
  ["dynamodb", openDynamo],
]);

/**
 * The store of a `SESSION_TYPE`, which answers within `timeout` seconds and fails with `STORE`. Where a client has to be
 * loaded or connected, that begins now, and the first requests wait for it. Throws `CONFIG` for a type that is not there.
 */
export function storeOf(type: string, settings: Settings, clock: Clock, timeout: number): Guarded {
  const opened = openerOf(type)(settings, clock);
  return typeof opened === "function"
    ? opening(async () => guarded(await opened(), timeout))
    : guarded(opened, timeout);
}

/** The same store as it is, once it is connected: with all that it can do, in as much time as it takes. */
export async function openStore(type: string, settings: Settings, clock: Clock): Promise<Store> {
  const opened = openerOf(type)(settings, clock);
  return typeof opened === "function" ? reach(opened) : opened;
}

function openerOf(type: string): Open {
  const open = TYPES.get(type);
  if (!open) throw unknownType(type);
  return open;
}

function unknownType(type: string): SessionError {
  const types = [...TYPES.keys(), "null"].join(", ");
  const mend = `use ${types}, or leave it out for Flask's signed cookie`;
  return new SessionError("CONFIG", `SESSION_TYPE ${JSON.stringify(type)} is unknown; ${mend}`);
}
