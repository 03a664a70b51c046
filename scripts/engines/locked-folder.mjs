// What npm installs in a folder of its own, by a lock of its own: no user and no developer installs it with the package.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The path of such a folder. */
export function lockedFolder(name) {
  return resolve(import.meta.dirname, "../..", name);
}

/** Installs what the folder's lock says. No script of a package is run, so nothing else is fetched. */
export function installIn(folder) {
  // Below `npm test` npm would take the folder of that for its own.
  spawnSync("npm", ["ci", "--prefix", folder, "--ignore-scripts"], { stdio: ["ignore", "ignore", "inherit"] });
}

/**
 * The names and versions that the folder pins; `undefined` when one is not there.
 *
 * @param {string} folder
 * @returns {[string, string][] | undefined}
 */
export function pinnedIn(folder) {
  const { dependencies, devDependencies, optionalDependencies } = read(join(folder, "package.json"));
  const pinned = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies });
  const isThere = pinned.every(([name, range]) => {
    const manifest = join(folder, "node_modules", name, "package.json");
    return existsSync(manifest) && range.endsWith(read(manifest).version.replace(/^v/, ""));
  });
  return isThere ? pinned.map(([name, range]) => [name, range.replace(/^npm:.*@/, "")]) : undefined;
}

function read(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}
