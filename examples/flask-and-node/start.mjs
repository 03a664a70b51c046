// Starts the example, also in a fresh clone: `node examples/flask-and-node/start.mjs`. What is missing is made first.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { engines, lookFor } from "../../scripts/engines/index.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const { env } = process;

const PYTHON = env.PYTHON || (await python());
const SESSION_REDIS = env.SESSION_REDIS || (await redis());
if (!existsSync(`${root}/node_modules`)) run("npm", "ci", "--no-audit", "--no-fund");
if (!existsSync(`${root}/dist`)) run(process.execPath, "scripts/build.mjs");

const example = spawn(process.execPath, ["--import", "tsx", "examples/flask-and-node/start.ts"], {
  cwd: root,
  env: { ...env, PYTHON, SESSION_REDIS },
  stdio: "inherit",
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => example.kill(signal));
example.once("close", (code) => process.exit(code ?? 1));

/** A Python that has Flask: in an environment that is made once, and that the tests use as well. */
async function python() {
  const { flask } = engines;
  if (!lookFor("flask").found) flask.build?.();
  demand("flask", "and let pip reach PyPI; or let PYTHON name one that has what requirements.txt says");
  return (await flask.open()).python;
}

/** A Redis for this run alone. */
async function redis() {
  demand("redis", "or let SESSION_REDIS name one");
  return (await engines.redis.open()).url;
}

function demand(name, otherwise) {
  const { title, packages } = engines[name];
  if (!lookFor(name).found) fail(`${title} is missing: apt-get install ${packages.join(" ")}, ${otherwise}`);
}

function run(command, ...args) {
  console.log([command, ...args].join(" "));
  const { status } = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) fail(`${command} ${args.join(" ")} failed`);
}

function fail(reason) {
  console.error(reason);
  process.exit(1);
}
