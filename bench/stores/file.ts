import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { fileStore } from "flagon/file";
import type { Subject } from "./subject.ts";

/** Beside plain files: written elsewhere and renamed, with nobody kept from writing at the same time. */
export const file: Subject = {
  name: "file",
  title: "file",
  async start() {
    const folder = mkdtempSync(join(tmpdir(), "flagon-bench-"));
    return { url: pathToFileURL(folder).href, stop: () => rmSync(folder, { recursive: true }) };
  },
  async connect(url, clock) {
    const root = fileURLToPath(url);
    const directory = join(root, "store");
    const pathOf = (key: string) => {
      const name = createHash("sha256").update(key).digest("hex");
      return join(root, "raw", name.slice(0, 2), name);
    };
    const write = (key: string, value: Buffer) => {
      const path = pathOf(key);
      mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(`${path}.tmp`, value, { mode: 0o600 });
      renameSync(`${path}.tmp`, path);
      return true;
    };
    return {
      store: fileStore({ directory, clock, sweepEvery: 0 }),
      raw: {
        create: async (key, value) => write(key, value),
        read: async (key) => readFileSync(pathOf(key)),
        update: async (key, before, value) => readFileSync(pathOf(key)).equals(before) && write(key, value),
      },
      size: async () => diskUse(directory),
      close: () => undefined,
    };
  },
};

/** As `du` counts: whole blocks of the disk, folders included. */
function diskUse(directory: string): number {
  const names = readdirSync(directory, { recursive: true, encoding: "utf8" });
  return names.reduce((sum, name) => sum + statSync(join(directory, name)).blocks * 512, 0);
}
