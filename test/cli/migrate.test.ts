import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { RedisStore } from "connect-redis";
import { createClient } from "redis";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { msgpack } from "../../src/codecs/msgpack.ts";
import { sha256 } from "../../src/crypto/bytes.ts";
import { fileStore } from "../../src/stores/file.ts";
import { redisStore } from "../../src/stores/redis.ts";
import { createTable, sqlStore } from "../../src/stores/sql.ts";
import { newKey } from "../../src/testing/internal/stage.ts";
import { engine, has, untilTheEnd } from "../engines.ts";
import { connected } from "../stores/redis-clients.ts";
import { openPostgres } from "../stores/sql-databases.ts";
import { lent } from "../stores/sql-helpers.ts";
import { flagon, startFlagon } from "./flagon.ts";
import { SOURCE, contentsOf, folderWith, live, removeFolders, told } from "./folder.ts";

const HOUR = 3_600_000;
const { resolve: whereIs } = createRequire(import.meta.url);

afterEach(removeFolders);

const FILES = `
import { fileStore } from "${SOURCE}/stores/file.ts";
export const old = fileStore({ directory: "old" });
export const fresh = fileStore({ directory: "fresh" });
`;

/** A folder with two stores of files, of which the old one has `live 0` and so on. */
async function folderOverFiles(count: number, more = "") {
  const folder = folderWith(FILES + more);
  const [old, fresh] = ["old", "fresh"].map((name) => fileStore({ directory: join(folder, name), sweepEvery: 0 }));
  if (!old || !fresh) throw new Error("two stores");
  for (let n = 0; n < count; n++) await old.create(`live ${n}`, live(`session ${n}`));
  return { folder, old, fresh };
}

function texts(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`live ${n}`, `session ${n}`]));
}

const migrate = (folder: string, ...args: string[]) =>
  flagon(folder, "migrate", "--from", "old", "--to", "fresh", ...args);

describe("flagon migrate", () => {
  test("copies what the old store has, verifies it, and goes on where it was", async () => {
    const { folder, old, fresh } = await folderOverFiles(30);
    const dry = await migrate(folder, "--dry-run", "--resume", "state.json");
    expect(dry).toMatchObject({ code: 0, err: "" });
    expect(dry.out).toMatch(
      /^30 read, 30 to move, 0 there already, 0 gone meanwhile, 0 unreadable, 0 refused in \d+\.\d s\n$/,
    );
    expect([await contentsOf(fresh), existsSync(join(folder, "state.json"))]).toEqual([{}, false]);

    await fresh.create("live 3", live("newer"));
    const first = await migrate(folder, "--verify", "--resume", "state.json");
    expect(first).toMatchObject({ code: 0 });
    expect(first.out).toContain("30 read, 29 moved, 1 there already");
    expect(first.out).toContain("\n29 verified, 1 different, 0 missing\n");
    expect(await contentsOf(fresh)).toEqual({ ...texts(30), "live 3": "newer" });
    expect(await contentsOf(old)).toEqual(texts(30));

    await old.create("live 30", live("session 30"));
    const second = told(await migrate(folder, "--resume", "state.json", "--json"));
    expect(second).toMatchObject({ read: 31, moved: 1, movedBefore: 29, there: 30 });
    const state = JSON.parse(readFileSync(join(folder, "state.json"), "utf8")) as object;
    expect(state).toMatchObject({ from: "old", to: "fresh", moved: 30, done: true });
  });

  test("moves with --delete, and counts what cannot be read by the hash of its key, where it stays", async () => {
    const { folder, old, fresh } = await folderOverFiles(5);
    await old.create("broken", live("session"));
    const damaged = fileOf(join(folder, "old"), sha256("broken"));
    const record = readFileSync(damaged);
    writeFileSync(damaged, record.fill(0, record.length - 3));
    const ran = await migrate(folder, "--delete", "--verify", "--json");
    expect(ran.code).toBe(1);
    expect(told(ran)).toMatchObject({
      read: 5,
      moved: 5,
      verified: 5,
      unreadable: 1,
      unreadableKeys: [sha256("broken").slice(0, 16)],
    });
    expect([await contentsOf(old), await contentsOf(fresh)]).toEqual([{}, texts(5)]);
    expect(existsSync(damaged)).toBe(true);
  });

  test("shows how far it is, stops when it is told to, and loses nothing by that", async () => {
    const { folder, old, fresh } = await folderOverFiles(20, HELD);
    const args = ["--from", "old", "--to", "held", "--delete", "--concurrency", "2", "--expect", "20", "--resume", "s"];
    const running = startFlagon(folder, "migrate", ...args);
    await expect.poll(running.err).toMatch(/^\[#+-+\] \d+ % \d+ read, \d+ moved,/);
    running.child.kill("SIGINT");
    const ended = await running.ended;
    expect(ended).toMatchObject({ code: 1, out: expect.stringContaining("stopped; run it again to go on") as string });
    expect({ ...(await contentsOf(old)), ...(await contentsOf(fresh)) }).toEqual(texts(20));
    expect(Object.keys(await contentsOf(old)).length).toBeGreaterThan(0);
    expect(await migrate(folder, "--delete", "--quiet")).toMatchObject({ code: 0, err: "" });
    expect([await contentsOf(old), await contentsOf(fresh)]).toEqual([{}, texts(20)]);
  });

  /** A new store that takes three sessions at once, and the others when the process is told to stop. */
  const HELD = `
import { once } from "node:events";
const told = once(process, "SIGINT");
let created = 0;
const create = async (...args) => (++created > 3 && (await told), fresh.create(...args));
export const held = { ...verbsOf(fresh), create };
function verbsOf(store) {
  return Object.fromEntries(["read", "update", "delete"].map((verb) => [verb, store[verb].bind(store)]));
}`;

  test("says what failed, and is run again", async () => {
    const failing = `
export const full = { ...fresh, read: fresh.read, update: fresh.update, delete: fresh.delete,
  create: async () => { throw new Error("no room"); } };`;
    const { folder, old } = await folderOverFiles(3, failing);
    const ran = await flagon(folder, "migrate", "--from", "old", "--to", "full", "--resume", "state.json");
    expect(ran).toMatchObject({ code: 1, out: "", err: "flagon migrate: no room\n" });
    expect(JSON.parse(readFileSync(join(folder, "state.json"), "utf8"))).toMatchObject({ moved: 0, done: false });
    expect(await contentsOf(old)).toEqual(texts(3));
  });

  test.each([
    [["--from", "nothing", "--to", "fresh"], "flagon.config.mjs exports no nothing; it has "],
    [["--from", "old", "--to", "odd"], "odd is no store"],
    [["--from", "odd", "--to", "fresh"], "odd lists no sessions"],
    [["--from", "old", "--to", "old"], "name the same store"],
    [["--from", "listing", "--to", "fresh", "--delete"], "--delete needs an old store that has read() and delete()"],
    [["--from", "old", "--to", "fresh", "--resume", "other.json"], "other.json is of another migration"],
    [["--from", "old", "--to", "fresh", "--format", "php"], "Allowed choices are same, express-session"],
  ])("fails with 2 for %j, and says what would do", async (args, message) => {
    const { folder } = await folderOverFiles(0, "export const odd = {}; export const listing = { async *list() {} };");
    writeFileSync(join(folder, "other.json"), '{"from":"a","to":"b","format":"same","keys":"keep"}');
    const { code, out, err } = await flagon(folder, "migrate", ...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
  });
});

/** The file of a record in a directory of `fileStore`. */
function fileOf(directory: string, name: string): string {
  const found = readdirSync(directory, { recursive: true, encoding: "utf8" }).find((path) => path.includes(name));
  if (found === undefined) throw new Error("there is no such record");
  return join(directory, found);
}

describe.skipIf(!has("redis") || !has("postgres"))("flagon migrate, between engines", () => {
  let redis: string;
  let postgres: string;
  let client: Awaited<ReturnType<typeof connect>>;
  beforeAll(async () => {
    [redis, postgres] = [(await engine("redis")).url, (await engine("postgres")).url];
    client = await connect();
  });

  const connect = async () => (await untilTheEnd(connected(createClient({ url: redis })))).client;

  const configOf = (prefix: string, table: string) => `
import { createClient } from "${whereIs("redis")}";
import { Kysely, PostgresDialect } from "${whereIs("kysely")}";
import pg from "${whereIs("pg")}";
import { RedisStore } from "${pathToFileURL(whereIs("connect-redis")).href}";
import { redisStore } from "${SOURCE}/stores/redis.ts";
import { fileStore } from "${SOURCE}/stores/file.ts";
import { sqlStore } from "${SOURCE}/stores/sql.ts";
const client = await createClient({ url: "${redis}" }).connect();
export const old = redisStore(client, { prefix: "${prefix}" });
export const connect = new RedisStore({ client, prefix: "${prefix}" });
export const files = fileStore({ directory: "files" });
export const fresh = sqlStore(
  new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: "${postgres}" }) }) }),
  { table: "${table}" },
);
`;

  async function setUp() {
    const [prefix, table] = [`${newKey()}:`, `t${newKey().slice(0, 12)}`];
    const db = await lent(openPostgres({ connectionString: postgres }));
    await createTable(db, { table });
    return { folder: folderWith(configOf(prefix, table)), prefix, fresh: sqlStore(db, { table }) };
  }

  test("moves from Redis to PostgreSQL, with deadlines", async () => {
    const { folder, prefix, fresh } = await setUp();
    const old = redisStore(client, { prefix });
    for (const [key, value] of Object.entries(texts(300))) await old.create(key, live(value));
    const before = (await old.read("live 7"))?.expiresAt ?? 0;
    const ran = await migrate(folder, "--delete", "--verify", "--json", "--quiet");
    expect(ran).toMatchObject({ code: 0, err: "" });
    expect(told(ran)).toMatchObject({ read: 300, moved: 300, verified: 300, different: 0, missing: 0 });
    expect([await contentsOf(old), await contentsOf(fresh)]).toEqual([{}, texts(300)]);
    expect(Math.abs(((await fresh.read("live 7"))?.expiresAt ?? 0) - before)).toBeLessThan(5000);
  });

  test("moves from files to Redis", async () => {
    const { folder, prefix } = await setUp();
    const files = fileStore({ directory: join(folder, "files"), sweepEvery: 0 });
    for (const [key, value] of Object.entries(texts(20))) await files.create(key, live(value));
    const ran = await flagon(folder, "migrate", "--from", "files", "--to", "old", "--verify");
    expect(ran).toMatchObject({
      code: 0,
      out: expect.stringContaining("20 verified, 0 different, 0 missing") as string,
    });
    expect(await contentsOf(redisStore(client, { prefix }))).toEqual(texts(20));
  });

  test.each(["old", "connect"])("makes our records of connect-redis', read through %s", async (from) => {
    const { folder, prefix, fresh } = await setUp();
    const theirs = new RedisStore({ client, prefix });
    const expires = new Date(Date.now() + HOUR);
    const cookie = { originalMaxAge: 2 * HOUR, expires, httpOnly: true, path: "/" };
    await theirs.set("id 1", { cookie, user: "ada", seen: [1, 2.5] });
    await theirs.set("id 2", { cookie: { originalMaxAge: null, expires: null }, user: "bob" });
    await client.set(`${prefix}id 3`, "no json", { EX: 3600 });
    await client.set(`${prefix}id 4`, '{"user":"eve"}', { EX: 3600 });
    const options = ["--from", from, "--to", "fresh", "--format", "express-session", "--keys", "hash"];
    const ran = await flagon(folder, "migrate", ...options, "--delete", "--json", "--quiet");
    expect(ran.code).toBe(1);
    expect(told(ran)).toMatchObject({ read: 4, moved: 2, unreadable: 2 });
    expect((told(ran)["unreadableKeys"] as string[]).toSorted()).toEqual(
      ["id 3", "id 4"].map((key) => sha256(key).slice(0, 16)).toSorted(),
    );
    expect(await client.keys(`${prefix}*`)).toHaveLength(2);

    const ada = await fresh.read(sha256("id 1"));
    expect(Math.abs((ada?.expiresAt ?? 0) - Number(expires))).toBeLessThan(5000);
    expect(Object.fromEntries(msgpack().decode(ada?.value ?? new Uint8Array()) ?? [])).toEqual({
      user: "ada",
      seen: [1, 2.5],
      _permanent: true,
      _createdAt: Number(expires) - 2 * HOUR,
    });
    const bob = msgpack().decode((await fresh.read(sha256("id 2")))?.value ?? new Uint8Array());
    expect([...(bob?.keys() ?? [])]).toEqual(["user", "_createdAt"]);
  });
});
