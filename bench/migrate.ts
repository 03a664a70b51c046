/**
 * How fast does `flagon migrate` move sessions from Redis to PostgreSQL, and does its memory grow with their number?
 *
 * `npm run bench:migrate`, or with numbers of sessions: `npm run bench:migrate -- 10000 1000000`. `--delete` moves, as
 * beside running servers; without, it copies.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { redisStore } from "flagon/redis";
import { createTable } from "flagon/sql";
import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import { createClient } from "redis";
import { startPostgres, startRedis } from "../scripts/engines/index.mjs";

const VALUE = Buffer.alloc(256, "session data ");
const DAY = 86_400_000;
const MB = 1024;

const { values: options, positionals } = parseArgs({
  options: { delete: { type: "boolean" }, verify: { type: "boolean" } },
  allowPositionals: true,
});
const counts = positionals.length > 0 ? positionals.map(Number) : [10_000, 100_000];
const flags = Object.keys(options).map((name) => `--${name}`);
const whereIs = createRequire(import.meta.url).resolve;
const fromDist = (path: string) => pathToFileURL(join(import.meta.dirname, "../dist", path)).href;

console.log(`Node ${process.version}, ${cpus().length} cores, engines on the same machine. ${flags.join(" ")}`);
for (const count of counts) console.log(await migrated(count));

/** A line for so many sessions. */
async function migrated(count: number): Promise<string> {
  const [redis, postgres] = [await startRedis(), await startPostgres()];
  const folder = mkdtempSync(join(tmpdir(), "flagon-bench-"));
  try {
    await fill(redis.url, count);
    const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: postgres.url }) }) });
    await createTable(db as never);
    await db.destroy();
    writeFileSync(join(folder, "flagon.config.mjs"), configOf(redis.url, postgres.url));
    const { read, moved, verified, seconds, rss } = await run(folder);
    const rate = Math.round(read / seconds);
    return `${read} read, ${moved} moved, ${verified} verified: ${seconds} s, ${rate} a second, peak RSS ${Math.round(rss / MB)} MB`;
  } finally {
    rmSync(folder, { recursive: true });
    await Promise.all([redis.stop(), postgres.stop()]);
  }
}

async function fill(url: string, count: number): Promise<void> {
  const client = createClient({ url });
  await client.connect();
  const store = redisStore(client);
  for (let n = 0; n < count; n += 1000) {
    const slice = Array.from({ length: Math.min(1000, count - n) }, (_, at) => n + at);
    await Promise.all(
      slice.map((key) => store.create(`${key}`.padStart(64, "0"), { value: VALUE, expiresAt: Date.now() + DAY })),
    );
  }
  client.destroy();
}

function configOf(redis: string, postgres: string): string {
  return `
import { createClient } from "${whereIs("redis")}";
import { Kysely, PostgresDialect } from "${whereIs("kysely")}";
import pg from "${whereIs("pg")}";
import { redisStore } from "${fromDist("stores/redis.js")}";
import { sqlStore } from "${fromDist("stores/sql.js")}";
const pool = new pg.Pool({ connectionString: "${postgres}" });
export const old = redisStore(await createClient({ url: "${redis}" }).connect());
export const fresh = sqlStore(new Kysely({ dialect: new PostgresDialect({ pool }) }));
export const close = () => console.log(JSON.stringify({ rss: process.resourceUsage().maxRSS }));
`;
}

/** What the command and its configuration said. */
type Ran = Record<"read" | "moved" | "verified" | "seconds" | "rss", number>;

/** What the command said, and the most memory that it had, in kilobytes. */
async function run(cwd: string): Promise<Ran> {
  const main = join(import.meta.dirname, "../dist/cli/main.js");
  const args = [main, "migrate", "--from", "old", "--to", "fresh", "--json", ...flags];
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  const [code] = (await once(child, "close")) as [number];
  if (code !== 0) throw new Error(`flagon migrate ended with ${code}`);
  const lines = out.trim().split("\n");
  return Object.assign({}, ...lines.map((line) => JSON.parse(line) as object)) as Ran;
}
