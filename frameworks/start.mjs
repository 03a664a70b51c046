// Builds an example and starts its production server: `node frameworks/start.mjs examples/astro`. Further folders are laid
// over it first. It is built in a folder below `apps/`, where it finds its framework, and this package as npm installs it.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { freePort } from "../scripts/engines/server.mjs";

/** How each is built and started, as its own documentation has it: programs below `node_modules/`, and what Node runs. */
const FRAMEWORKS = {
  astro: { build: [["astro/astro.js", "build"]], server: "dist/server/entry.mjs" },
  nitro: { build: [["nitropack/dist/cli/index.mjs", "build"]], server: ".output/server/index.mjs" },
  "react-router": {
    build: [
      ["@react-router/dev/bin.js", "typegen"],
      ["@react-router/dev/bin.js", "build"],
    ],
    server: "server.js",
  },
  sveltekit: { build: [["vite/bin/vite.js", "build"]], server: "build/index.js" },
};

const layers = process.argv.slice(2).map((layer) => resolve(layer));
const framework = FRAMEWORKS[basename(layers[0] ?? "")];
if (framework === undefined) fail(`which example? There are: ${Object.keys(FRAMEWORKS).join(" ")}`);

const home = process.env.FRAMEWORKS_PATH || import.meta.dirname;
const modules = join(home, "node_modules");
const flagon = resolve(import.meta.dirname, "..");
if (!existsSync(modules)) fail("npm ci --prefix frameworks --ignore-scripts comes first");
if (!existsSync(join(flagon, "dist"))) fail("npm run build comes first");

const app = join(home, "apps", basename(layers.at(-1)));
lay();
process.chdir(app);
const port = Number(process.env.PORT ?? 3000) || (await freePort());
Object.assign(process.env, {
  NODE_ENV: "production",
  ASTRO_TELEMETRY_DISABLED: "1",
  HOST: "127.0.0.1",
  ORIGIN: `http://127.0.0.1:${port}`,
  PORT: `${port}`,
});
for (const [program, ...args] of framework.build) run(join(modules, program), ...args);
await import(pathToFileURL(resolve(framework.server)).href);

/** Makes the application of its layers, with a manifest and a `node_modules/` like any other's. */
function lay() {
  rmSync(app, { recursive: true, force: true });
  for (const layer of layers) cpSync(layer, app, { recursive: true });
  for (const part of ["package.json", "dist"]) {
    cpSync(join(flagon, part), join(app, "node_modules/flagon", part), { recursive: true });
  }
  const { dependencies, ...rest } = read(join(home, "package.json"));
  const { version } = read(join(flagon, "package.json"));
  writeFileSync(
    join(app, "package.json"),
    JSON.stringify({ ...rest, dependencies: { ...dependencies, flagon: version } }),
  );
}

function run(...command) {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
  if (status !== 0) fail(stdout + stderr);
}

function read(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
