import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { finish, startServer, succeeds } from "./server.mjs";
import { versionOf } from "./version.mjs";

/** @import { Engines, startPostgres as StartPostgres } from "./index.d.mts" */

/** Debian keeps the programs of each major version in a folder of its own, which is on nobody's PATH. */
const DEBIAN = "/usr/lib/postgresql";

/** What makes it quick and forgetful: a test has nothing to lose. */
const IN_HASTE = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"].flatMap((each) => ["-c", each]);

/** @type {Engines["postgres"]} */
export const postgres = {
  title: "postgresql",
  variable: "POSTGRES_URL",
  packages: ["postgresql"],
  version: () => versionOf(program("postgres")),
  async open() {
    const url = process.env[this.variable];
    return url ? { url, stop: async () => {} } : startPostgres();
  },
};

/** @type {typeof StartPostgres} */
export async function startPostgres({ port, args = [] } = {}) {
  const server = await startServer({
    command: program("postgres"),
    args: (at, folder) => {
      return ["-D", join(folder, "data"), "-h", "127.0.0.1", "-p", `${at}`, "-k", folder, ...IN_HASTE, ...args];
    },
    user: "postgres",
    prepare(folder) {
      const options = ["-D", join(folder, "data"), "-A", "trust", "-U", "flagon", "-E", "UTF8", "--locale=C.UTF-8"];
      finish("postgres", program("initdb"), ...options, "--no-sync");
    },
    isUp: async (at) => succeeds(program("pg_isready"), ["-h", "127.0.0.1", "-p", `${at}`]),
    // It waits for its clients at SIGTERM.
    stopsBy: "SIGINT",
    port,
  });
  return { ...server, url: `postgresql://flagon@127.0.0.1:${server.port}/postgres` };
}

function program(name) {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).toSorted((one, other) => Number(other) - Number(one)) : [];
  return versions.map((version) => join(DEBIAN, version, "bin", name)).find((path) => existsSync(path)) ?? name;
}
