// Compiles every example, each as a program of its own: what one declares of its sessions holds for no other.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** They need what `frameworks/` brings: test/examples/frameworks.test.ts compiles them where it builds them. */
const BUILT = new Set(["astro", "nitro", "react-router", "sveltekit"]);

const folders = readdirSync("examples")
  .filter((name) => !BUILT.has(name))
  .map((name) => join("examples", name));
const programs = folders.filter((folder) => existsSync(join(folder, "tsconfig.json")));
const outcomes = programs.map((folder) => {
  return spawnSync(process.execPath, ["node_modules/@typescript/native/bin/tsc", "-p", folder], { stdio: "inherit" });
});
process.exitCode = outcomes.some(({ status }) => status !== 0) ? 1 : 0;
