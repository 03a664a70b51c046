/** Makes one JavaScript file of a program of ours, which asks for the package as it was built, and for nothing of src/. */
import { join, relative, resolve } from "node:path";
import { builtinModules } from "node:module";
import { type BuildOptions, type Plugin, build } from "esbuild";

const SOURCE = /\/src\/.*\.ts$/;

const ROOT = resolve(import.meta.dirname, "../..");

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

/** Sends every import of `src/NAME.ts` to `dist/NAME.js`, which is asked for at run time. */
const asBuilt: Plugin = {
  name: "as built",
  setup({ onResolve }) {
    onResolve({ filter: SOURCE }, (asked) => ({ path: `../../../dist/${builtFile(asked)}`, external: true }));
  },
};

/** Takes `dist/NAME.js` in for `src/NAME.ts`, with another way to visit for the test browser. */
const builtInside: Plugin = {
  name: "built inside",
  setup({ onResolve }) {
    onResolve({ filter: SOURCE }, (asked) => ({ path: join(ROOT, "dist", builtFile(asked)) }));
    onResolve({ filter: /^node:http$/ }, ({ importer }) =>
      importer.endsWith("testing/browser.js") ? { path: join(import.meta.dirname, "program/http-by-fetch.ts") } : null,
    );
  },
};

function builtFile({ path, resolveDir }: { path: string; resolveDir: string }): string {
  return relative(join(ROOT, "src"), resolve(resolveDir, path)).replace(/\.ts$/, ".js");
}
