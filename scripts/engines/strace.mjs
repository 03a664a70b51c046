import { versionOf } from "./version.mjs";

/** @import { Engines } from "./index.d.mts" */

/** @type {Engines["strace"]} */
export const strace = {
  title: "strace",
  variable: "STRACE_PATH",
  packages: ["strace"],
  version: () => versionOf("strace"),
  async open() {
    return { path: process.env[this.variable] || "strace", stop: async () => {} };
  },
};
