/** Folders to run `flagon` in, each with a configuration of its own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Entry, Listable } from "../../src/store.ts";
import { bytes } from "../../src/testing/internal/stage.ts";

/** Where a configuration imports from. */
export const SOURCE = pathToFileURL(join(import.meta.dirname, "../../src")).href;
const TESTS = pathToFileURL(join(import.meta.dirname, "..")).href;

const { resolve: whereIs } = createRequire(import.meta.url);
const HOUR = 3_600_000;
const folders: string[] = [];

/** A folder to run in, with this configuration. */
export function folderWith(config: string): string {
  const folder = mkdtempSync(join(tmpdir(), "flagon-migrate-"));
  folders.push(folder);
  writeFileSync(join(folder, "flagon.config.mjs"), config);
  return folder;
}

/** For `afterEach`. */
export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
}

/** How a configuration opens a store of `PLACES` at an address: by itself, since all clients of that file take a while. */
const OPENING: Readonly<Record<string, (name: string, address: string) => string>> = {
  file: (name, address) => `
import { fileStore } from "${SOURCE}/stores/file.ts";
export const ${name} = fileStore({ directory: "${address}" });`,
  redis: (name, address) => `
import { createClient } from "${at("redis")}";
import { redisStore } from "${SOURCE}/stores/redis.ts";
export const ${name} = redisStore(await createClient({ url: "${address}" }).connect());`,
  memcached: (name, address) => `
import { memcachedClient, memcachedStore } from "${SOURCE}/stores/memcached.ts";
export const ${name} = memcachedStore(memcachedClient("${address}"));`,
  postgres: (name, address) => `
import pg from "${at("pg")}";
import { Kysely, PostgresDialect } from "${at("kysely")}";
import { sqlStore } from "${SOURCE}/stores/sql.ts";
const ${name}Dialect = new PostgresDialect({ pool: new pg.Pool({ connectionString: "${address}" }) });
export const ${name} = sqlStore(new Kysely({ dialect: ${name}Dialect }), { table: "flagon_proof" });`,
  dynamo: (name, address) => `
import { dynamoStore } from "${SOURCE}/stores/dynamo.ts";
import { clientOf } from "${TESTS}/stores/dynamo-client.ts";
export const ${name} = dynamoStore(clientOf("${address}"), { table: "flagon_proof" });`,
};

/** A configuration whose exports are the stores of `PLACES` at these addresses: `{ old: ["redis", url] }`. */
export function configOver(places: Readonly<Record<string, readonly [place: string, address: string]>>): string {
  return Object.entries(places)
    .map(([name, [place, address]]) => OPENING[place]?.(name, address) ?? "")
    .join("");
}

/** Where a package is imported from, by a file that is in no folder of ours. */
export function at(name: string): string {
  return pathToFileURL(whereIs(name)).href;
}

/** The source of an export that is another store with another `create`, which may ask that one's. */
export function withCreate(name: string, store: string, create: string): string {
  return `
const ${name}Verbs = ["read", "update", "delete"].map((verb) => [verb, ${store}[verb].bind(${store})]);
export const ${name} = { ...Object.fromEntries(${name}Verbs), create: ${create} };
`;
}

export function live(text: string | Uint8Array): Entry {
  return { value: typeof text === "string" ? bytes(text) : text, expiresAt: Date.now() + HOUR };
}

export async function contentsOf(store: Listable): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for await (const [key, { value }] of store.list()) contents[key] = Buffer.from(value).toString();
  return contents;
}

/** What `--json` said. */
export function told({ out }: { out: string }): Record<string, unknown> {
  return JSON.parse(out) as Record<string, unknown>;
}
