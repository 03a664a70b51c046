import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { says, startServer } from "./server.mjs";
import { versionOf } from "./version.mjs";

/** @import { Engines, startMongo as StartMongo } from "./index.d.mts" */

/** The program, whose sums `go.sum` holds: FerretDB, which keeps in SQLite what MongoDB's clients ask it to keep. */
const SOURCES = fileURLToPath(new URL("ferretdb/", import.meta.url));

/** `{ ping: 1, $db: "admin" }` as an OP_MSG, and how the answer `{ ok: 1 }` begins: with its length. */
const PING = Buffer.from("33000000 01000000 00000000 dd070000 00000000 00".replaceAll(" ", ""), "hex");
const PING_BODY = Buffer.from("\u001e\0\0\0\u0010ping\0\u0001\0\0\0\u0002$db\0\u0006\0\0\0admin\0\0", "latin1");
const isUp = says(Buffer.concat([PING, PING_BODY]), "&\0\0\0");

/** @type {Engines["mongo"]} */
export const mongo = {
  title: "ferretdb",
  variable: "MONGODB_URL",
  packages: [],
  mend: "install Go 1.24 or later",
  build,
  version: () => versionOf(program()),
  async open() {
    const url = process.env[this.variable];
    return url ? { url, stop: async () => {} } : startMongo();
  },
};

/** @type {typeof StartMongo} */
export async function startMongo({ port } = {}) {
  const server = await startServer({
    command: program(),
    args: (at, folder) => [`127.0.0.1:${at}`, folder],
    isUp,
    port,
  });
  return { ...server, url: `mongodb://127.0.0.1:${server.port}` };
}

/** Where the program is once it is built: beside no repository, and under a name that changes with its sources. */
function program() {
  const hash = createHash("sha256");
  for (const name of ["go.mod", "go.sum", "main.go"]) hash.update(readFileSync(join(SOURCES, name)));
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(cache, "flagon", `ferretdb-${hash.digest("hex").slice(0, 16)}`);
}

function build() {
  const go = ["go", "/usr/local/go/bin/go"].find((command) => spawnSync(command, ["version"]).status === 0);
  if (go === undefined) return;
  console.log("go build ferretdb (a minute, once)");
  const path = program();
  mkdirSync(join(path, ".."), { recursive: true });
  // Another process that builds it meanwhile gets in nobody's way.
  const fresh = `${path}.${process.pid}`;
  spawnSync(go, ["build", "-trimpath", "-o", fresh, "."], {
    cwd: SOURCES,
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (existsSync(fresh)) renameSync(fresh, path);
}
