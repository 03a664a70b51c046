// Compiles src/ to dist/ with the native TypeScript compiler, from nothing.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";

const tsc = new URL("../node_modules/@typescript/native/bin/tsc", import.meta.url).pathname;
rmSync("dist", { recursive: true, force: true });
const { status } = spawnSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { stdio: "inherit" });
process.exitCode = status ?? 1;
