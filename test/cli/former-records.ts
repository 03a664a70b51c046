/** Logins at other libraries' real applications, on real engines, and the export of a configuration that lists them. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { MongoStore } from "connect-mongo";
import pgStoreOf from "connect-pg-simple";
import { RedisStore } from "connect-redis";
import expressSession from "express-session";
import { MongoClient } from "mongodb";
import { createClient } from "redis";
import { browser } from "../../src/testing/browser.ts";
import { newKey } from "../../src/testing/internal/stage.ts";
import { listen } from "../adapters/servers.ts";
import { expressSessionApp } from "../compat/applications.ts";
import { engine, untilTheEnd } from "../engines.ts";
import { openPool } from "../postgres.ts";
import { connected } from "../stores/redis-clients.ts";
import { SOURCE, at } from "./folder.ts";

const SECRET = "a long secret of the old application's";
const HOUR = 3_600_000;

/** What was left, beside one record that is none of the library's. */
export interface Left {
  readonly ids: readonly string[];
  readonly data: object;
  /** Source of a configuration that exports `old`. */
  readonly config: string;
  readonly options: readonly string[];
}

/** Logs so many visitors in. */
type Leave = (count: number) => Promise<Left>;

/** What would run a command if it were unpickled; for no format is it a record. */
const EVIL = "cos\nsystem\n(S'exit 1'\ntR.";

async function redis() {
  const { url } = await engine("redis");
  const { client } = await untilTheEnd(connected(createClient({ url })));
  return { url, client };
}

const overRedis = (url: string, prefix: string) => `
import { createClient } from "${at("redis")}";
import { redisStore } from "${SOURCE}/stores/redis.ts";
const client = await createClient({ url: "${url}" }).connect();
export const old = redisStore(client, { prefix: "${prefix}" });`;

function flask(format: "flask-msgpack" | "flask-json" | "flask-pickle"): Leave {
  return async (count) => {
    const [{ url, client }, { python }, prefix] = [await redis(), await engine("flask"), `${newKey()}:`];
    const script = join(import.meta.dirname, "flask-records.py");
    const { stdout } = await promisify(execFile)(python, [script, format, url, `${prefix}session:`, `${count}`]);
    await client.set(`${prefix}session:evil`, EVIL, { EX: 3600 });
    const cart = ["tea", { sort: "Ærø", price: 2.5, paid: null, wrapped: true }];
    const options = ["--format", format, "--keys", "hash", "--prefix", "session:"];
    return { ids: stdout.trim().split("\n"), data: { user: "ada", cart }, config: overRedis(url, prefix), options };
  };
}

async function expressed(store: object, count: number) {
  const app = expressSessionApp({ secret: SECRET, store, cookie: { maxAge: HOUR } });
  const { url, close } = await listen(app);
  const ids = Array.from({ length: count }, async () => {
    const visitor = browser(url);
    await visitor.visit("/login");
    return /s:(.*)\./.exec(decodeURIComponent(visitor.cookies() ?? ""))?.[1] ?? "";
  });
  const all = await Promise.all(ids);
  await close();
  const options = ["--format", "express-session", "--keys", "hash"];
  return { ids: all, data: { user: "ada", cart: ["tea"] }, options };
}

/** Who may have left records, and what has to run for that. */
export const LEFT: Readonly<
  Record<string, { needs: readonly ("flask" | "redis" | "postgres" | "mongo")[]; leave: Leave }>
> = {
  "Flask-Session, msgpack": { needs: ["flask", "redis"], leave: flask("flask-msgpack") },
  "Flask-Session, JSON": { needs: ["flask", "redis"], leave: flask("flask-json") },
  "Flask-Session, pickled by cachelib": { needs: ["flask", "redis"], leave: flask("flask-pickle") },
  "connect-redis": {
    needs: ["redis"],
    async leave(count) {
      const [{ url, client }, prefix] = [await redis(), `${newKey()}:`];
      await client.set(`${prefix}evil`, EVIL, { EX: 3600 });
      return { ...(await expressed(new RedisStore({ client, prefix }), count)), config: overRedis(url, prefix) };
    },
  },
  "connect-pg-simple": {
    needs: ["postgres"],
    async leave(count) {
      const [{ url }, table] = [await engine("postgres"), `s${newKey().slice(0, 12)}`];
      const pool = openPool({ connectionString: url });
      await untilTheEnd(Promise.resolve({ stop: () => pool.end() }));
      const store = new (pgStoreOf(expressSession))({ pool, tableName: table, createTableIfMissing: true });
      const left = await expressed(store, count);
      await store.close();
      await pool.query(`INSERT INTO "${table}" VALUES ('evil', '{"user":"eve"}', now() + interval '1 hour')`);
      const config = `
import theirs from "${at("pg")}";
const pool = new theirs.Pool({ connectionString: "${url}" });
export const old = {
  async *list() {
    const { rows } = await pool.query('SELECT sid, sess, expire FROM "${table}" WHERE expire > now()');
    for (const { sid, sess, expire } of rows) {
      yield [sid, { value: Buffer.from(JSON.stringify(sess)), expiresAt: Number(expire) }];
    }
  },
};`;
      return { ...left, config };
    },
  },
  "connect-mongo": {
    needs: ["mongo"],
    async leave(count) {
      const [{ url }, name] = [await engine("mongo"), `flagon-${newKey().slice(0, 12)}`];
      const client = await new MongoClient(url).connect();
      await untilTheEnd(Promise.resolve({ stop: () => client.close() }));
      const left = await expressed(MongoStore.create({ client, dbName: name, autoRemove: "disabled" }), count);
      const expires = new Date(Date.now() + HOUR);
      await client
        .db(name)
        .collection<{ _id: string }>("sessions")
        .insertOne({ _id: "evil", session: "{}", expires } as never);
      const config = `
import { MongoClient } from "${at("mongodb")}";
const mongo = await new MongoClient("${url}").connect();
export const old = {
  async *list() {
    for await (const { _id, session, expires } of mongo.db("${name}").collection("sessions").find()) {
      const json = typeof session === "string" ? session : JSON.stringify(session);
      yield [_id, { value: Buffer.from(json), expiresAt: Number(expires) }];
    }
  },
};`;
      return { ...left, config };
    },
  },
};
