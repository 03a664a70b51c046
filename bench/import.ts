/**
 * What it costs a process to load an adapter: its CPU time (`process.cpuUsage`) beside that of a process which loads nothing.
 * `npm run bench:import`
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { spread, table } from "./table.ts";

const ROUNDS = Number(process.argv[2] ?? 21);

const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as { exports: Record<string, string> };
const names = Object.keys(exports).filter((subpath) => subpath === "." || exports[subpath]?.includes("/adapters/"));

const rows: string[][] = [];
for (const subpath of names) rows.push(rowOf(subpath.replace(".", "flagon")));
console.log(table(["import of", "ms of CPU"], rows));

/** In turn with a process that loads nothing, so that both meet the same machine. */
function rowOf(name: string): string[] {
  const costs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const nothing = cpuOf("");
    costs.push(cpuOf(`await import(${JSON.stringify(name)});`) - nothing);
  }
  return [name, spread(costs)];
}

/** Milliseconds of user and system time. */
function cpuOf(load: string): number {
  const script = `${load} const { user, system } = process.cpuUsage(); console.log((user + system) / 1000)`;
  const { stdout, status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return Number(stdout);
}
