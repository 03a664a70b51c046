/** Makes one JavaScript file of a program of ours, which asks for the package as it was built. */
import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { builtinModules } from "node:module";
import { type BuildOptions, type OnResolveArgs, type Plugin, build } from "esbuild";

const SOURCE = /\/src\/.*\.ts$/;

const ROOT = resolve(import.meta.dirname, "../..");
const LOOKING_INSIDE = ["scripts", "src"].map((folder) => join(ROOT, folder));
const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { exports: Record<string, string> };
const EXPORTED = new Set(Object.values(exports));

/** Not below `node_modules/`, where Deno takes every file for a package's. */
const FOLDER = join(import.meta.dirname, ".bundles");

/** For a runtime that finds no packages by itself. Those in CommonJS ask by `require`, which a module has to make. */
const FOR_WORKERD: BuildOptions = {
  platform: "neutral",
  mainFields: ["module", "main"],
  conditions: ["workerd", "worker"],
  external: ["node:*", "cloudflare:*", ...builtinModules],
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire("/");' },
};

const FOR_NODE: BuildOptions = { platform: "node", packages: "external" };

/** Makes `.bundles/NAME.mjs` of `program/NAME.ts`, and gives its path. */
export async function bundle(name: "main" | "worker"): Promise<string> {
  const outfile = join(FOLDER, `${name}.mjs`);
  await build({
    entryPoints: [join(import.meta.dirname, "program", `${name}.ts`)],
    outfile,
    bundle: true,
    format: "esm",
    target: "node20.19",
    logLevel: "error",
    ...(name === "main" ? { ...FOR_NODE, plugins: [asBuilt] } : { ...FOR_WORKERD, plugins: [builtInside] }),
  });
  return outfile;
}

/** Sends every import of what the package exports, as `src/NAME.ts`, to `dist/NAME.js`, which is asked for at run time. */
const asBuilt: Plugin = {
  name: "as built",
  setup({ onResolve }) {
    onResolve({ filter: SOURCE }, (asked) => {
      const file = builtFile(asked);
      return file ? { path: `../../../${file}`, external: true } : undefined;
    });
  },
};

/** Takes `dist/NAME.js` in for `src/NAME.ts`, with another way to visit for the test browser. */
const builtInside: Plugin = {
  name: "built inside",
  setup({ onResolve }) {
    onResolve({ filter: SOURCE }, (asked) => {
      const file = builtFile(asked);
      return file ? { path: join(ROOT, file) } : undefined;
    });
    onResolve({ filter: /^node:http$/ }, ({ importer }) =>
      importer.endsWith("testing/index.js") ? { path: join(import.meta.dirname, "program/http-by-fetch.ts") } : null,
    );
  },
};

/**
 * Where the package has an import of `src/`, from its own folder. `undefined` for what it does not export, and for what the
 * vectors ask for: they look into parts that it does not hand out, and these have to be of one piece.
 */
function builtFile({ path, importer, resolveDir }: OnResolveArgs): string | undefined {
  const built = relative(ROOT, resolve(resolveDir, path)).replace(/^src(.*)\.ts$/, "dist$1.js");
  const looksInside = LOOKING_INSIDE.some((folder) => importer.startsWith(folder));
  return !looksInside && EXPORTED.has(`./${built}`) ? built : undefined;
}
