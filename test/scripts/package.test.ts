import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Manifest {
  exports: Record<string, string>;
  bin: Record<string, string>;
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
}

const manifest = JSON.parse(readFileSync("package.json", "utf8")) as Manifest;

test("what is published is what was built, and what a reader wants beside it", () => {
  const told = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { encoding: "utf8" });
  const [{ files }] = JSON.parse(told) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  const beside = paths.filter((path) => !/^dist\/[\w/-]+\.(?:js|d\.ts)$/.test(path));
  expect(beside.toSorted()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
  const entries = Object.values({ ...manifest.exports, ...manifest.bin }).filter((path) => path.endsWith(".js"));
  const wanted = entries
    .flatMap((path) => [path, path.replace(/\.js$/, ".d.ts")])
    .map((path) => path.slice("./".length));
  expect(wanted.filter((path) => !paths.includes(path))).toEqual([]);
});

test("an installation runs nothing of ours, and brings only what reads a command line", () => {
  const hooks = Object.keys(manifest.scripts).filter((name) => /^(?:pre|post)?install$|^prepare$/.test(name));
  expect(hooks).toEqual([]);
  expect(Object.keys(manifest.dependencies)).toEqual(["commander"]);
});
