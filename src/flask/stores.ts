import type { Clock } from "../clock.ts";
import { guarded } from "../core/guard.ts";
import { SessionError } from "../errors.ts";
import type { Store } from "../store.ts";
import type { Settings } from "./config.ts";
import { type Open, opening } from "./opening.ts";
import { openFiles } from "./types/filesystem.ts";
import { openRedis } from "./types/redis.ts";
import { openPostgresql, openSqlalchemy } from "./types/sql.ts";

const TYPES = new Map<string, Open>([
  ["redis", openRedis],
  ["filesystem", openFiles],
  ["sqlalchemy", openSqlalchemy],
  ["postgresql", openPostgresql],
]);

/** What Flask-Session has and this package has not yet. */
const TO_COME = new Set(["memcached", "cachelib", "mongodb", "dynamodb"]);

/**
 * The store of a `SESSION_TYPE`, which answers within `timeout` seconds and fails with `STORE`. Where a client has to be
 * loaded or connected, that begins now, and the first requests wait for it. Throws `CONFIG` for a type that is not there.
 */
export function storeOf(type: string, settings: Settings, clock: Clock, timeout: number): Store {
  const open = TYPES.get(type);
  if (!open) throw unknownType(type);
  const opened = open(settings, clock);
  return typeof opened === "function"
    ? opening(async () => guarded(await opened(), timeout))
    : guarded(opened, timeout);
}

function unknownType(type: string): SessionError {
  const there = `use ${[...TYPES.keys(), "null"].join(", ")}, or leave it out for Flask's signed cookie`;
  const missing = TO_COME.has(type) ? "needs a store that this version of flagon has not" : "is unknown";
  return new SessionError("CONFIG", `SESSION_TYPE ${JSON.stringify(type)} ${missing}; ${there}`);
}
