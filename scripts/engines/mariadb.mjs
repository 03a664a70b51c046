import { join } from "node:path";
import { finish, startServer, succeeds } from "./server.mjs";
import { versionOf } from "./version.mjs";

/** @import { Engines, startMariadb as StartMariadb } from "./index.d.mts" */

/** @type {Engines["mariadb"]} */
export const mariadb = {
  title: "mariadb-server",
  variable: "MYSQL_URL",
  packages: ["mariadb-server"],
  version: () => versionOf("mariadbd"),
  async open() {
    const url = process.env[this.variable];
    return url ? { url, stop: async () => {} } : startMariadb();
  },
};

/** @type {typeof StartMariadb} */
export async function startMariadb({ port, args = [] } = {}) {
  const server = await startServer({
    command: "mariadbd",
    args: (at, folder) => [
      "--no-defaults",
      `--datadir=${join(folder, "data")}`,
      `--socket=${join(folder, "socket")}`,
      `--pid-file=${join(folder, "pid")}`,
      ...apart(folder),
      `--port=${at}`,
      "--bind-address=127.0.0.1",
      "--skip-name-resolve",
      "--innodb-flush-log-at-trx-commit=0",
      ...args,
    ],
    user: "mysql",
    prepare(folder) {
      const options = ["--no-defaults", `--datadir=${join(folder, "data")}`, ...apart(folder), "--skip-test-db"];
      finish("mysql", "mariadb-install-db", ...options, "--auth-root-authentication-method=normal");
    },
    isUp: async (at) => succeeds("mariadb-admin", [...atPort(at), "ping"]),
    port,
  });
  return { ...server, url: `mysql://root@127.0.0.1:${server.port}/mysql` };
}

/** A server that starts removes the temporary tables of all that share its folder for them. */
function apart(folder) {
  return [`--tmpdir=${folder}`];
}

function atPort(port) {
  return ["--no-defaults", "--protocol=tcp", "--host=127.0.0.1", `--port=${port}`, "--user=root"];
}
