import { readdirSync } from "node:fs";
import { type Metafile, build } from "esbuild";
import { expect, test } from "vitest";

const ADAPTERS = readdirSync("src/adapters").filter((name) => name.endsWith(".ts"));

/** Whose host is what it is made of: Nest's modules are classes with Nest's own decorators. */
const HOSTS: Record<string, readonly string[]> = { "nest.ts": ["@nestjs/common", "@nestjs/core", "rxjs"] };

/** What a bundle of a file asks for when it is loaded, and the files that are in it. */
async function bundled(file: string): Promise<{ asked: string[]; files: string[] }> {
  const { metafile } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
  const outputs: Metafile["outputs"][string][] = Object.values(metafile.outputs);
  const imports = outputs.flatMap((output) => output.imports.filter(({ kind }) => kind !== "dynamic-import"));
  return { asked: imports.map(({ path }) => path), files: Object.keys(metafile.inputs) };
}

test.each(ADAPTERS)("a bundle of %s brings no framework along, and no other adapter", async (name) => {
  const { asked, files } = await bundled(`src/adapters/${name}`);
  expect(asked.filter((path) => !path.startsWith("node:")).toSorted()).toEqual(HOSTS[name] ?? []);
  expect(files.filter((file) => /^src\/adapters\/[^/]+$/.test(file))).toEqual([`src/adapters/${name}`]);
});

test.each(["fetch", "h3", "hono", "next"])(
  "what is built of flagon/%s loads nothing of a Node server",
  async (name) => {
    const { asked } = await bundled(`dist/adapters/${name}.js`);
    expect(asked).not.toContain("node:http");
  },
);
