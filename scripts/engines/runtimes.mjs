// The runtimes that the package is run in, from npm: `runtimes/` has a lock of its own, so that no user and no developer
// installs them with the package. They are the builds themselves, which no install script has to fetch or to link.
import { join } from "node:path";
import { installIn, lockedFolder, pinnedIn } from "./locked-folder.mjs";

/** @import { Engines } from "./index.d.mts" */

const FOLDER = lockedFolder("runtimes");

/** Where each program is below `node_modules/`, and in which package. */
const PROGRAMS = {
  node20: ["node20", "bin/node"],
  node22: ["node22", "bin/node"],
  node24: ["node24", "bin/node"],
  node26: ["node26", "bin/node"],
  bun: ["@oven/bun-linux-x64", "bin/bun"],
  deno: ["@deno/linux-x64-glibc", "deno"],
  workerd: ["@cloudflare/workerd-linux-64", "bin/workerd"],
};

/** @type {Engines["runtimes"]} */
export const runtimes = {
  title: "Runtimes",
  variable: "RUNTIMES_PATH",
  packages: [],
  mend: "npm ci in runtimes/, on Linux x64 with glibc",
  build() {
    console.log("npm ci in runtimes/ (1 GB, once)");
    installIn(FOLDER);
  },
  version() {
    return pinnedIn(FOLDER)
      ?.map(([name, version]) => versionText(name, version))
      .join(", ");
  },
  async open() {
    const folder = process.env[this.variable] || join(FOLDER, "node_modules");
    const paths = Object.entries(PROGRAMS).map(([name, path]) => [name, join(folder, ...path)]);
    return { ...Object.fromEntries(paths), stop: async () => {} };
  },
};

function versionText(name, version) {
  const [runtime = name] = /node|bun|deno|workerd/.exec(name) ?? [];
  return `${runtime} ${version}`;
}
