// Real Flask with Flask-Session, in a virtual environment of its own, once for all checkouts.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { says, startServer } from "./server.mjs";

/** @import { Engines, startFlask as StartFlask } from "./index.d.mts" */

/** What is installed, to the last package. */
const REQUIREMENTS = fileURLToPath(new URL("flask/requirements.txt", import.meta.url));

const isUp = says("HEAD /is-it-up HTTP/1.0\r\n\r\n", "HTTP/1.1 ");

/** @type {Engines["flask"]} */
export const flask = {
  title: "Flask",
  variable: "FLASK_PYTHON",
  packages: ["python3", "python3-venv"],
  mend: "install Python 3.10 or later with venv, and let pip reach PyPI",
  build,
  version: () => (existsSync(python()) ? pinned("Flask") : undefined),
  async open() {
    return { python: process.env[this.variable] || python(), stop: async () => {} };
  },
};

/** @type {typeof StartFlask} */
export async function startFlask(app, { env, port } = {}) {
  const { python: command } = await flask.open();
  const server = await startServer({
    command,
    args: (at) => ["-m", "flask", "--app", app, "run", "--host", "127.0.0.1", "--port", `${at}`],
    // Nothing is left beside somebody's application.
    env: { PYTHONDONTWRITEBYTECODE: "1", ...env },
    isUp,
    port,
  });
  return { ...server, url: `http://127.0.0.1:${server.port}` };
}

/** The environment's Python, in a folder whose name changes with what is to be in it. */
function python() {
  return join(folder(), "bin", "python3");
}

function folder() {
  const hash = createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex");
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return join(cache, "flagon", `flask-${pinned("Flask")}-${pinned("Flask-Session")}-${hash.slice(0, 8)}`);
}

function pinned(name) {
  return new RegExp(`^${name}==(.+)$`, "m").exec(readFileSync(REQUIREMENTS, "utf8"))?.[1];
}

function build() {
  const path = folder();
  console.log("pip install Flask (seconds, once)");
  // A folder that is there is whole: another process that builds it meanwhile gets in nobody's way. Python runs from
  // wherever an environment was moved to; only its scripts do not, and `-m` needs none.
  const fresh = `${path}.${process.pid}`;
  mkdirSync(join(path, ".."), { recursive: true });
  const install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", REQUIREMENTS];
  const isWhole = succeeds("python3", ["-m", "venv", fresh]) && succeeds(join(fresh, "bin", "python3"), install);
  if (isWhole && !existsSync(path)) renameSync(fresh, path);
  rmSync(fresh, { recursive: true, force: true });
}

function succeeds(command, args) {
  return spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"] }).status === 0;
}
