import { versionOf } from "./version.mjs";

/** @import { Engines } from "./index.d.mts" */

/** @type {Engines["chromium"]} */
export const chromium = {
  title: "chromium",
  variable: "CHROMIUM_PATH",
  packages: ["chromium", "fonts-dejavu-core"],
  version: () => versionOf("chromium"),
  async open() {
    return { path: process.env[this.variable] || "chromium", stop: async () => {} };
  },
};
