import { dataOf, fill } from "../../src/core/session.ts";
import { SessionError } from "../../src/errors.ts";
import { flaskSession } from "../../src/flask/flask.ts";
import { PASSED, type Verdict, all, compared, failed } from "./differences.ts";
import { dataFromNotation, isPythonOnly, told } from "./notation.ts";
import type { Case, Suite, TestRedis, Tools } from "./suite.ts";

interface Entry extends Case {
  key_prefix?: string;
  sid: string;
  key: string;
  lifetime_seconds?: number;
  ttl: number;
  session: unknown;
  value_b64: string;
  decoded: unknown;
  same_after_round_trip: boolean;
}

/** Flask-Session's entries in Redis, written and read through a real server. */
export function entries(format: "msgpack" | "json"): Suite {
  return {
    groups: {
      entries: (example, tools) => entry(example as Entry, format, tools),
      unencodable: (example, tools) => unencodable(example as Entry, format, tools),
    },
  };
}

function sessionsFor(
  { key_prefix = "session:", lifetime_seconds = 3600, sid }: Entry,
  format: string,
  redis: TestRedis,
) {
  return flaskSession(
    {
      SESSION_TYPE: "redis",
      SESSION_REDIS: redis.client,
      SESSION_KEY_PREFIX: key_prefix,
      SESSION_SERIALIZATION_FORMAT: format,
      PERMANENT_SESSION_LIFETIME: lifetime_seconds,
    },
    { createId: () => sid ?? "unencodable" },
  );
}

async function entry(example: Entry, format: string, tools: Tools): Promise<Verdict> {
  const redis = await tools.redis();
  const sessions = sessionsFor(example, format, redis);
  const session = await sessions.open({ cookie: undefined, secure: false });
  // What JavaScript has no type for goes in as Flask reads it back.
  fill(session, dataFromNotation(isPythonOnly(example.session) ? example.decoded : example.session));
  session.modified = true;
  await sessions.save(session);
  const written = await stored(redis, example.key);

  await redis.command("SET", example.key, Buffer.from(example.value_b64, "base64"), "EX", "1000");
  const again = await sessions.open({ cookie: `session=${example.sid}`, secure: false });
  const read = told(dataOf(again));
  await sessions.save(again);
  const refreshed = await stored(redis, example.key);
  return all(
    compared("written", written, [example.value_b64, example.ttl]),
    compared("read", read, told(dataFromNotation(example.decoded))),
    example.same_after_round_trip ? compared("unchanged", refreshed, [example.value_b64, example.ttl]) : PASSED,
  );
}

async function stored(redis: TestRedis, key: string): Promise<[string, number]> {
  const value = (await redis.command("GET", key)) as Buffer | null;
  const left = Number(await redis.command("PTTL", key));
  return [value?.toString("base64") ?? "nothing", Math.ceil(left / 1000)];
}

async function unencodable(example: Entry, format: string, tools: Tools): Promise<Verdict> {
  const redis = await tools.redis();
  const sessions = sessionsFor(example, format, redis);
  const session = await sessions.open({ cookie: undefined, secure: false });
  fill(session, dataFromNotation(example.session));
  session.modified = true;
  try {
    await sessions.save(session);
    return failed("it was saved");
  } catch (error) {
    if (!(error instanceof SessionError) || error.code !== "DATA") return failed(`it threw ${String(error)}`);
    return compared("stored", await redis.command("EXISTS", "session:unencodable"), 0);
  }
}
