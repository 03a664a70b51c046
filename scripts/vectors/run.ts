import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { dynamodb } from "./dynamodb.ts";
import { cachelib, filesystem } from "./files.ts";
import { flaskCookie } from "./flask-cookie.ts";
import { foreign } from "./foreign.ts";
import { httpCookie } from "./http-cookie.ts";
import { lifecycle } from "./lifecycle.ts";
import { memcachedEntries } from "./memcached.ts";
import { mongoEntries } from "./mongo.ts";
import { redisEntries } from "./redis.ts";
import { signedSid } from "./signed-sid.ts";
import { sqlalchemyDdl, sqlalchemyEntries } from "./sqlalchemy.ts";
import { type Report, runSuite } from "./judge.ts";
import type { Suite, Tools } from "./suite.ts";

/** The vector files there is a runner for, by name. */
export const suites: ReadonlyMap<string, Suite> = new Map([
  ["flask-cookie", flaskCookie],
  ["signed-sid", signedSid],
  ["http-cookie", httpCookie],
  ["store-redis-msgpack", redisEntries("msgpack")],
  ["store-redis-json", redisEntries("json")],
  ["store-dynamodb", dynamodb],
  ["store-filesystem", filesystem],
  ["store-cachelib", cachelib],
  ["store-memcached", memcachedEntries],
  ["store-mongodb", mongoEntries],
  ["store-sqlalchemy", sqlalchemyEntries],
  ["sqlalchemy-ddl", sqlalchemyDdl],
  ["store-foreign", foreign],
  ["lifecycle-flask", lifecycle(false)],
  ["lifecycle-flask-session-redis", lifecycle(true)],
]);

/** Runs every case of a vector file. */
export function runFile(file: string, tools: Tools): Promise<Report> {
  return runSuite(suites.get(basename(file, ".json")), readFileSync(file, "utf8"), tools);
}
