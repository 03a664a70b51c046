import { afterAll } from "vitest";
import { type EngineName, type Engines, engines, lookFor } from "../scripts/engines/index.mjs";

export {
  askMemcached,
  says,
  startCluster,
  startDynamo,
  startFlask,
  startMariadb,
  startMemcached,
  startMongo,
  startPostgres,
  startRedis,
  startReplica,
  startSentinel,
  startSentinels,
} from "../scripts/engines/index.mjs";

/** Whether there is an engine to `open`: `describe.skipIf(!has("redis"))`. With `CI=true` a missing one throws instead. */
export function has(name: EngineName): boolean {
  const { found, line } = lookFor(name);
  if (!found && process.env["CI"] === "true") throw new Error(line);
  return found;
}

/** Whether servers of our own can be started, for tests that break them: a variable may name one that is somebody's. */
export function canStart(name: EngineName): boolean {
  return has(name) && engines[name].version() !== undefined;
}

/** Opens an engine: `beforeAll(async () => { redis = await engine("redis") })`. It is stopped after the file's tests. */
export function engine<Name extends EngineName>(name: Name): Promise<Access<Name>> {
  return untilTheEnd(engines[name].open() as Promise<Access<Name>>);
}

type Access<Name extends EngineName> = Awaited<ReturnType<Engines[Name]["open"]>>;

const opened: { stop(): unknown }[] = [];
afterAll(async () => {
  for (const each of opened.toReversed()) await each.stop();
});

/** Hands on what is opened, and stops it after the file's tests, the last first. */
export async function untilTheEnd<Opened extends { stop(): unknown }>(opening: Promise<Opened>): Promise<Opened> {
  const each = await opening;
  opened.push(each);
  return each;
}
