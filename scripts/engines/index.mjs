// What tests need and npm does not bring: how it is found, installed and opened. Types and promises: index.d.mts.
import { aptInstall } from "./apt.mjs";
import { chromium } from "./chromium.mjs";
import { dynamo } from "./dynamo.mjs";
import { flask } from "./flask.mjs";
import { frameworks } from "./frameworks.mjs";
import { mariadb } from "./mariadb.mjs";
import { memcached } from "./memcached.mjs";
import { mongo } from "./mongo.mjs";
import { postgres } from "./postgres.mjs";
import { redis } from "./redis.mjs";
import { runtimes } from "./runtimes.mjs";
import { strace } from "./strace.mjs";

export { startDynamo } from "./dynamo.mjs";
export { startFlask } from "./flask.mjs";
export { startMariadb } from "./mariadb.mjs";
export { askMemcached, startMemcached } from "./memcached.mjs";
export { startMongo } from "./mongo.mjs";
export { startPostgres } from "./postgres.mjs";
export { startCluster, startRedis, startReplica, startSentinel, startSentinels } from "./redis.mjs";
export { says, startServer } from "./server.mjs";

export const engines = {
  redis,
  memcached,
  postgres,
  mariadb,
  mongo,
  dynamo,
  flask,
  chromium,
  runtimes,
  frameworks,
  strace,
};

export function lookFor(name) {
  const { title, variable, packages, version, mend = `apt-get install ${packages.join(" ")}` } = engines[name];
  if (process.env[variable]) return { found: true, line: `${title}: as ${variable} says` };
  const installed = version();
  return installed === undefined
    ? { found: false, line: `${title}: missing — ${mend}, or set ${variable}` }
    : { found: true, line: `${title} ${installed}: found` };
}

export function install(names) {
  const missing = names.filter((name) => !lookFor(name).found);
  const packages = missing.flatMap((name) => engines[name].packages);
  if (packages.length > 0) aptInstall(packages);
  for (const name of missing) engines[name].build?.();
}
