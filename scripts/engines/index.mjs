// What tests need and npm does not bring: how it is found, installed and opened. Types and promises: index.d.mts.
import { aptInstall } from "./apt.mjs";
import { chromium } from "./chromium.mjs";
import { mariadb } from "./mariadb.mjs";
import { postgres } from "./postgres.mjs";
import { redis } from "./redis.mjs";

export { startMariadb } from "./mariadb.mjs";
export { startPostgres } from "./postgres.mjs";
export { startRedis, startSentinel } from "./redis.mjs";

export const engines = { redis, postgres, mariadb, chromium };

export function lookFor(name) {
  const { title, variable, packages, version } = engines[name];
  if (process.env[variable]) return { found: true, line: `${title}: as ${variable} says` };
  const installed = version();
  return installed === undefined
    ? { found: false, line: `${title}: missing — apt-get install ${packages.join(" ")}, or set ${variable}` }
    : { found: true, line: `${title} ${installed}: found` };
}

export function install(names) {
  const missing = names.filter((name) => !lookFor(name).found);
  if (missing.length > 0) aptInstall(missing.flatMap((name) => engines[name].packages));
  for (const name of missing) engines[name].build?.();
}
