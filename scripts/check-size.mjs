// Measures the core with one adapter, as an application's bundler would have it: without frameworks and clients, minified
// and zipped. Prints a table, and fails for whatever is larger than it may be.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** In bytes. What is here already needs most of it: more is a decision. */
const MOST = 24_576;
/** Those that bring more with them: Nest's module and decorators, and what another library's sessions were. */
const MOST_OF = { "flagon/nest": 25_088, "flagon/express-session": 28_160 };

const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
const adapters = Object.keys(exports).filter((subpath) => exports[subpath].includes("/adapters/"));
const sizes = await Promise.all(
  adapters.map(async (subpath) => [subpath.replace(".", "flagon"), await sizeOf(subpath)]),
);
for (const [name, size] of sizes) console.log(`${name.padEnd(16)} ${String(size).padStart(6)}`);
const mostOf = (name) => MOST_OF[name] ?? MOST;
const tooLarge = sizes.filter(([name, size]) => size > mostOf(name));
for (const [name, size] of tooLarge) console.log(`flagon with ${name} has ${size} bytes, more than ${mostOf(name)}`);
process.exitCode = tooLarge.length > 0 ? 1 : 0;

async function sizeOf(subpath) {
  const lines = [`import { sessions } from "flagon"`, `import * as adapter from "flagon/${subpath.slice(2)}"`];
  const { outputFiles } = await build({
    stdin: { contents: [...lines, "console.log(sessions, adapter)"].join(";"), resolveDir: "." },
    bundle: true,
    write: false,
    minify: true,
    platform: "node",
    format: "esm",
    external: ["node:*", "@nestjs/*", "rxjs"],
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length;
}
