/** Folders to run `flagon` in, each with a configuration of its own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Entry, Listable } from "../../src/store.ts";
import { bytes } from "../../src/testing/internal/stage.ts";

/** Where a configuration imports from. */
export const SOURCE = pathToFileURL(join(import.meta.dirname, "../../src")).href;
export const TESTS = pathToFileURL(join(import.meta.dirname, "..")).href;

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

/** A configuration whose exports are the stores of `PLACES` at these addresses: `{ old: ["redis", url] }`. */
export function configOver(places: Readonly<Record<string, readonly [place: string, address: string]>>): string {
  const lines = Object.entries(places).map(([name, [place, address]]) => {
    return `opened.push(await PLACES[${JSON.stringify(place)}].open(${JSON.stringify(address)}));
export const ${name} = opened.at(-1).store;`;
  });
  return `import { PLACES } from "${TESTS}/proof/places.ts";
const opened = [];
${lines.join("\n")}
export const close = async () => { for (const each of opened) await each.close(); };
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
