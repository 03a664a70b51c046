/** Makes one JavaScript file of a program of ours, which asks for the package as it was built, and for nothing of src/. */
import { join, relative, resolve } from "node:path";
import { type Plugin, build } from "esbuild";

const ROOT = resolve(import.meta.dirname, "../..");

/** Not below `node_modules/`, where Deno takes every file for a package's. */
const FOLDER = join(import.meta.dirname, ".bundles");

/** Makes `.bundles/NAME.mjs`, and gives its path. Packages are asked for at run time, unless all is `inside`. */
export async function bundle(name: string, entry: string, inside = false): Promise<string> {
  const outfile = join(FOLDER, `${name}.mjs`);
  await build({
    entryPoints: [join(ROOT, entry)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    plugins: [asBuilt(inside)],
    ...(inside ? {} : { packages: "external" }),
    logLevel: "error",
  });
  return outfile;
}

/** Sends every import of `src/NAME.ts` to `dist/NAME.js`. */
function asBuilt(inside: boolean): Plugin {
  return {
    name: "as built",
    setup({ onResolve }) {
      onResolve({ filter: /\/src\/.*\.ts$/ }, ({ path, resolveDir }) => {
        const file = relative(join(ROOT, "src"), resolve(resolveDir, path)).replace(/\.ts$/, ".js");
        return inside ? { path: join(ROOT, "dist", file) } : { path: `../../../dist/${file}`, external: true };
      });
    },
  };
}
