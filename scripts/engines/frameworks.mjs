// The frameworks that bring a build of their own, from npm: `frameworks/` has a lock of its own.
import { installIn, lockedFolder, pinnedIn } from "./locked-folder.mjs";

/** @import { Engines } from "./index.d.mts" */

const FOLDER = lockedFolder("frameworks");
const NAMES = { "react-router": "React Router", "@sveltejs/kit": "SvelteKit", astro: "Astro", nitropack: "Nitro" };

/** @type {Engines["frameworks"]} */
export const frameworks = {
  title: "Frameworks",
  variable: "FRAMEWORKS_PATH",
  packages: [],
  mend: "npm ci in frameworks/",
  build() {
    console.log("npm ci in frameworks/ (280 MB, once)");
    installIn(FOLDER);
  },
  version() {
    const named = pinnedIn(FOLDER)?.filter(([name]) => name in NAMES);
    return named?.map(([name, version]) => `${NAMES[name]} ${version}`).join(", ");
  },
  async open() {
    return { path: process.env[this.variable] || FOLDER, stop: async () => {} };
  },
};
