// Makes dist/ of src/, from nothing: the declarations file by file, by the native TypeScript compiler, and the JavaScript by
// rolldown, with what several entries share in few files: reading 26 of them took a process longer than running them.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { relative } from "node:path";
import { rolldown } from "rolldown";

const HOSTED = /src\/adapters\/internal\/[\w-]+\.ts$/;

/** What the entries share, the first that a module fits. Whatever such a module imports comes with it. */
const SHARED = [
  { name: adapting, debugName: "adapters", minShareCount: 2 },
  { name: "shared/core", test: /src\/(core(?!\/context)|cookies|crypto|codecs(?!\/legacy))\//, minShareCount: 2 },
  { name: "shared/stores", test: /src\/stores\/internal\/[\w-]+\.ts$/, minShareCount: 3 },
];

const { bin, exports } = JSON.parse(readFileSync("package.json", "utf8"));
const files = Object.values({ ...bin, ...exports }).filter((file) => file.endsWith(".js"));

rmSync("dist", { recursive: true, force: true });
const tsc = new URL("../node_modules/@typescript/native/bin/tsc", import.meta.url).pathname;
const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { stdio: "inherit" });
process.exitCode = status ?? 1;
if (status === 0) await bundle();

async function bundle() {
  const input = files.map((file) => file.replace("./dist/", "./src/").replace(/\.js$/, ".ts"));
  const bundled = await rolldown({
    input: Object.fromEntries(input.map((path) => [path.slice("./src/".length, -".ts".length), path])),
    platform: "node",
    external: /^[^./]/,
  });
  await bundled.write({
    dir: "dist",
    entryFileNames: "[name].js",
    chunkFileNames: ({ name }) => (name.startsWith("shared/") ? "[name].js" : "shared/[name].js"),
    codeSplitting: { groups: SHARED.map((group, index) => ({ ...group, priority: SHARED.length - index })) },
  });
}

/**
 * What every adapter needs: its own floor's helpers, and what these ask of the floors below them without the whole core. What
 * needs a Node server is apart, since workers of the web are to load nothing of that.
 */
function adapting(id, graph) {
  if (HOSTED.test(id)) return reachesNodeHttp(id, graph) ? "shared/node" : "shared/ground";
  const path = relative("src", id);
  const isAsked = graph.getModuleInfo(id).importers.some((importer) => HOSTED.test(importer));
  const isBelow = path.startsWith("core/") ? isAsked : !path.includes("/") && path !== "index.ts";
  return isBelow ? "shared/ground" : null;
}

function reachesNodeHttp(id, graph) {
  const { importedIds = [] } = graph.getModuleInfo(id) ?? {};
  return importedIds.some((each) => each === "node:http" || reachesNodeHttp(each, graph));
}
