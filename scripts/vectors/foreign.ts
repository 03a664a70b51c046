import { dataOf } from "../../src/core/session.ts";
import { flaskSession } from "../../src/flask/flask.ts";
import { type Verdict, all, compared } from "./differences.ts";
import { withEvents } from "./events.ts";
import { dataFromNotation, told } from "./notation.ts";
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

/** Bytes that others left in Redis. What Flask fails on, and what it would unpickle, is no session and one event. */
export const foreign: Suite = {
  groups: {
    msgpack: (example, tools) => both(example as Foreign, tools, false),
    json: (example, tools) => both(example as Foreign, tools, false),
    pickle: (example, tools) => both(example as Foreign, tools, true),
    other: (example, tools) => both(example as Foreign, tools, false),
  },
};

async function both(example: Foreign, tools: Tools, pickled: boolean): Promise<Verdict> {
  const redis = await tools.redis();
  return all(
    await read(redis, example, "msgpack", example.format_msgpack, pickled),
    await read(redis, example, "json", example.format_json, pickled),
  );
}

async function read(
  redis: TestRedis,
  { value_b64 }: Foreign,
  format: string,
  reading: Reading,
  pickled: boolean,
): Promise<Verdict> {
  await redis.command("SET", "session:edge", Buffer.from(value_b64, "base64"), "EX", "1000");
  const sessions = flaskSession({
    SESSION_TYPE: "redis",
    SESSION_REDIS: redis.client,
    SESSION_SERIALIZATION_FORMAT: format,
  });
  const [session, events] = await withEvents(() => sessions.open({ cookie: "session=edge", secure: false }));
  const found = { isNew: session.isNew, data: told(dataOf(session)) };
  // Reading alone must never end in an error, even where the refresh could not write the data again.
  await sessions.save(session);
  const left = (await redis.command("GET", "session:edge")) as Buffer | null;
  if (reading.result === "found" && !pickled) {
    return compared(format, found, { isNew: false, data: told(dataFromNotation(reading.session)) });
  }
  const unreadable = events.filter(({ type }) => type === "unreadable").length;
  return all(
    compared(format, found, { isNew: true, data: told(new Map([["_permanent", true]])) }),
    compared("events", unreadable, reading.result === "new-session" && !pickled ? 0 : 1),
    compared("left where it was", left?.toString("base64"), value_b64),
  );
}
