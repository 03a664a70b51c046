import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SessionEvent } from "../../src/events.ts";
import { dataOf } from "../../src/core/session.ts";
import type { FlaskConfig } from "../../src/flask/config.ts";
import { type FlaskSessionOptions, flaskSession } from "../../src/flask/flask.ts";
import { PASSED, type Verdict, all, compared } from "./differences.ts";
import { withEvents } from "./events.ts";
import { comparable, dataFromNotation, told, withoutPythonOnly } from "./notation.ts";
import type { Case, Suite, Tools } from "./suite.ts";

type Former = NonNullable<FlaskSessionOptions["migrateFrom"]>;

/** An entry as Python wrote it. */
interface Kept extends Case {
  sid: string;
  lifetime_seconds?: number;
  saved_at?: number;
  decoded: unknown;
}

interface KeptFile extends Kept {
  key: string;
  file_name: string;
  header_expiry: number;
  file_b64: string;
}

/** What Python left of a session that it could not write. */
interface Failed extends Case {
  /** The bytes in hex; only the header. */
  file_left: string | null;
}

/** A file put in place by hand, and what Flask makes of it. */
interface Edge extends Case {
  clock: number;
  file_b64: string | null;
  result: "found" | "new-session" | "exception";
  session: unknown;
}

interface KeptInRedis extends Kept {
  redis_key: string;
  value_b64: string;
}

/** Python's files of `SESSION_TYPE` `filesystem`, which are pickles: adopted. */
export const filesystem: Suite = {
  groups: {
    entries: (example) => adopted(example as KeptFile, "pickle"),
    unstorable: (example) => unwritten(example as Failed, "pickle"),
    edges: (example) => edge(example as Edge),
  },
};

/** What Python's other caches of `SESSION_TYPE` `cachelib` keep. `redis_failed` tells only of what Python never wrote. */
export const cachelib: Suite = {
  engine: "redis",
  groups: {
    file_json: (example) => adopted(example as KeptFile, "json"),
    file_json_failed: (example) => unwritten(example as Failed, "json"),
    redis: (example, tools) => inRedis(example as KeptInRedis, tools),
  },
};

/** The moment of an example that names none, and the name of `session:edge` for Python. */
const NOW = 1_714_979_289;
const EDGE = "45156dd877a2656116c32e99b4811c7a";

/** A directory with at most one file of Python's, for as long as `run` takes. */
async function withFile<Result>(name: string, bytes: Buffer | null, run: (directory: string) => Promise<Result>) {
  const directory = mkdtempSync(join(tmpdir(), "flagon-vectors-"));
  try {
    if (bytes) writeFileSync(join(directory, name), bytes, { mode: 0o600 });
    return await run(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** A session as a request finds it, and what is told of that. The save must never fail: nothing was changed. */
async function found(config: FlaskConfig, id: string, at: number, migrateFrom: Former, decoded?: unknown) {
  const sessions = flaskSession(config, { clock: { now: () => at * 1000 }, storeTimeout: 10, migrateFrom });
  const [session, events] = await withEvents(() => sessions.open({ cookie: `session=${id}`, secure: false }));
  const { isNew, expiresAt } = session;
  const data = comparable(told(dataOf(session)), decoded ?? null);
  await sessions.save(session);
  return { isNew, expiresAt, data, unreadable: events.filter(isUnreadable).length };
}

function isUnreadable({ type }: SessionEvent): boolean {
  return type === "unreadable";
}

const NOTHING = told(new Map([["_permanent", true]]));

/** What Flask has that we have not: a class of the application's own. */
function isForeign(decoded: unknown): boolean {
  return JSON.stringify(decoded).includes('"$py"');
}

function expected(decoded: unknown) {
  return isForeign(decoded)
    ? { isNew: true, data: NOTHING, unreadable: 1 }
    : { isNew: false, data: comparable(told(dataFromNotation(withoutPythonOnly(decoded))), decoded), unreadable: 0 };
}

function adopted(example: KeptFile, former: Former): Promise<Verdict> {
  const { key, sid, file_name, file_b64, header_expiry, decoded, saved_at = NOW } = example;
  return withFile(file_name, Buffer.from(file_b64, "base64"), async (directory) => {
    const config = {
      SESSION_TYPE: "filesystem",
      SESSION_FILE_DIR: directory,
      SESSION_KEY_PREFIX: key.slice(0, -sid.length),
      PERMANENT_SESSION_LIFETIME: example.lifetime_seconds || 3600,
    };
    const { expiresAt, ...first } = await found(config, sid, saved_at, former, decoded);
    const second = await found(config, sid, saved_at, former);
    const isGone = !existsSync(join(directory, file_name));
    return all(
      compared("adopted", first, expected(decoded)),
      header_expiry === 0 || first.isNew ? PASSED : compared("expires", expiresAt, header_expiry * 1000 + 1),
      compared("found again", second.isNew, first.isNew),
      compared("Python's file is gone", isGone, !first.isNew),
    );
  });
}

function unwritten({ file_left }: Failed, former: Former): Promise<Verdict> {
  const bytes = file_left === null ? null : Buffer.from(file_left, "hex");
  return withFile(EDGE, bytes, async (directory) => {
    const { isNew } = await found({ SESSION_TYPE: "filesystem", SESSION_FILE_DIR: directory }, "edge", NOW, former);
    return compared("new", isNew, true);
  });
}

/** Where Flask answers 500, there is no session and one event. */
function edge({ clock, file_b64, result, session }: Edge): Promise<Verdict> {
  return withFile(EDGE, file_b64 === null ? null : Buffer.from(file_b64, "base64"), async (directory) => {
    const config = { SESSION_TYPE: "filesystem", SESSION_FILE_DIR: directory };
    const { isNew, data, unreadable } = await found(config, "edge", clock, "pickle", session);
    const isThere = existsSync(join(directory, EDGE));
    if (result === "found") return compared("found", { isNew, data, unreadable }, expected(session));
    return all(
      compared("found", { isNew, data }, { isNew: true, data: NOTHING }),
      result === "exception" ? compared("events", unreadable, 1) : PASSED,
      compared("left where it was", isThere, file_b64 !== null),
    );
  });
}

/** An entry of cachelib's `RedisCache`: its own prefix is before Flask-Session's. */
async function inRedis({ redis_key, sid, value_b64, decoded }: KeptInRedis, tools: Tools): Promise<Verdict> {
  const redis = await tools.redis();
  await redis.command("SET", redis_key, Buffer.from(value_b64, "base64"), "EX", "1000");
  const config = {
    SESSION_TYPE: "redis",
    SESSION_REDIS: redis.client,
    SESSION_KEY_PREFIX: redis_key.slice(0, -sid.length),
  };
  const { expiresAt: _, ...first } = await found(config, sid, NOW, "pickle", decoded);
  const second = await found(config, sid, NOW, "pickle");
  return all(compared("read", first, expected(decoded)), compared("found again", second.isNew, first.isNew));
}
