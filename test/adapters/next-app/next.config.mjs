import { fileURLToPath } from "node:url";

export default {
  // What is tested is the source: it lies above this folder.
  turbopack: { root: fileURLToPath(new URL("../../..", import.meta.url)) },
  typescript: { ignoreBuildErrors: true },
};
