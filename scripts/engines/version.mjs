import { spawnSync } from "node:child_process";

/**
 * The version that a command tells of itself; `undefined` when there is no such command.
 *
 * @param {string} command
 * @returns {string | undefined}
 */
export function versionOf(command) {
  const { stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });
  return /\d+(\.\d+)+/.exec(stdout ?? "")?.[0];
}
