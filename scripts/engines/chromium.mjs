import { existsSync } from "node:fs";
import { delimiter, resolve } from "node:path";
import { versionOf } from "./version.mjs";

/** @import { Engines } from "./index.d.mts" */

/** @type {Engines["chromium"]} */
export const chromium = {
  title: "chromium",
  variable: "CHROMIUM_PATH",
  packages: ["chromium", "fonts-dejavu-core"],
  version: () => versionOf("chromium"),
  async open() {
    return { path: process.env[this.variable] || located("chromium"), stop: async () => {} };
  },
};

/** Playwright takes the path of a program only, not its name. */
function located(program) {
  const folders = process.env.PATH?.split(delimiter) ?? [];
  return folders.map((folder) => resolve(folder, program)).find((path) => existsSync(path)) ?? program;
}
