import { fileURLToPath } from "node:url";

/** The packages are those of the repository, above this folder. */
export default { turbopack: { root: fileURLToPath(new URL("../..", import.meta.url)) } };
