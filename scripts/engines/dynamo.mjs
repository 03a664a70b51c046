// Amazon's own DynamoDB Local, which no Debian package brings: Maven fetches it, once for all checkouts.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { says, startServer } from "./server.mjs";
import { versionOf } from "./version.mjs";

/** @import { Engines, startDynamo as StartDynamo } from "./index.d.mts" */

const POM = fileURLToPath(new URL("dynamodb-local/pom.xml", import.meta.url));
const [, VERSION] = /DynamoDBLocal<\/artifactId>\s*<version>(.+)</.exec(readFileSync(POM, "utf8")) ?? [];
const CACHE = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
const JARS = join(CACHE, "flagon", `dynamodb-local-${VERSION}`);

/** @type {Engines["dynamo"]} */
export const dynamo = {
  title: "DynamoDB Local",
  variable: "DYNAMODB_URL",
  packages: ["default-jre-headless", "maven"],
  version: () => (existsSync(JARS) && versionOf("java") ? VERSION : undefined),
  build() {
    const folder = `${JARS}.${process.pid}`;
    const options = ["--batch-mode", "--quiet", "--file", POM, "-DincludeScope=runtime", `-DoutputDirectory=${folder}`];
    const { status } = spawnSync("mvn", [...options, "dependency:copy-dependencies"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    // A folder that is there is whole, and may be another process' by now.
    if (status === 0 && !existsSync(JARS)) renameSync(folder, JARS);
    rmSync(folder, { recursive: true, force: true });
  },
  async open() {
    const url = process.env[this.variable];
    return url ? { url, stop: async () => {} } : startDynamo();
  },
};

/** @type {typeof StartDynamo} */
export async function startDynamo({ port } = {}) {
  const server = await startServer({
    command: "java",
    args: (at) => [
      `-Djava.library.path=${JARS}`,
      "-cp",
      join(JARS, "*"),
      "com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
      "-inMemory",
      "-disableTelemetry",
      "-port",
      `${at}`,
    ],
    isUp: says("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 400"),
    port,
  });
  return { ...server, url: `http://127.0.0.1:${server.port}` };
}
