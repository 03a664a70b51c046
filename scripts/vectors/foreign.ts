import { dataOf } from "../../src/core/session.ts";
import { type FlaskSessionOptions, flaskSession } from "../../src/flask/flask.ts";
import { type Verdict, all, compared } from "./differences.ts";
import { withEvents } from "./events.ts";
import { dataFromNotation, told, withoutPythonOnly } from "./notation.ts";
import type { Case, Suite, TestRedis, Tools } from "./suite.ts";

interface Reading {
  result: "found" | "new-session" | "exception";
  session?: unknown;
}

interface Foreign extends Case {
  value_b64: string;
  format_msgpack: Reading;
  format_json: Reading;
}

/**
 * Bytes that others left in Redis. What Flask fails on is no session and one event, and so is what it would unpickle;
 * unless that is asked for, and then it is what Flask reads.
 */
export const foreign: Suite = {
  engine: "redis",
  groups: {
    msgpack: (example, tools) => both(example as Foreign, tools),
    json: (example, tools) => both(example as Foreign, tools),
    pickle: async (example, tools) =>
      all(
        await both(unread(example as Foreign), tools),
        await both(example as Foreign, tools, { migrateFrom: "pickle" }),
      ),
    other: (example, tools) => both(example as Foreign, tools),
  },
};

function unread(example: Foreign): Foreign {
  return { ...example, format_msgpack: { result: "exception" }, format_json: { result: "exception" } };
}

async function both(example: Foreign, tools: Tools, options: FlaskSessionOptions = {}): Promise<Verdict> {
  const redis = await tools.redis();
  const { value_b64, format_msgpack, format_json } = example;
  return all(
    await read(redis, value_b64, "msgpack", format_msgpack, options),
    await read(redis, value_b64, "json", format_json, options),
  );
}

async function read(
  redis: TestRedis,
  value: string,
  format: string,
  reading: Reading,
  options: FlaskSessionOptions,
): Promise<Verdict> {
  await redis.command("SET", "session:edge", Buffer.from(value, "base64"), "EX", "1000");
  const sessions = flaskSession(
    { SESSION_TYPE: "redis", SESSION_REDIS: redis.client, SESSION_SERIALIZATION_FORMAT: format },
    options,
  );
  const [session, events] = await withEvents(() => sessions.open({ cookie: "session=edge", secure: false }));
  const found = { isNew: session.isNew, data: told(dataOf(session)) };
  // Reading alone must never end in an error, even where the refresh could not write the data again.
  await sessions.save(session);
  const left = (await redis.command("GET", "session:edge")) as Buffer | null;
  if (reading.result === "found") {
    const data = dataFromNotation(withoutPythonOnly(reading.session));
    return compared(format, found, { isNew: false, data: told(data) });
  }
  const unreadable = events.filter(({ type }) => type === "unreadable").length;
  return all(
    compared(format, found, { isNew: true, data: told(new Map([["_permanent", true]])) }),
    compared("events", unreadable, reading.result === "new-session" ? 0 : 1),
    compared("left where it was", left?.toString("base64"), value),
  );
}
