import { readFileSync } from "node:fs";

const { bin, exports } = JSON.parse(readFileSync("package.json", "utf8"));

/** What knip starts from: the published modules, the command line, and whatever is started by a command. */
export default {
  entry: [
    ...Object.values({ ...bin, ...exports }).map((file) => file.replace("./dist/", "src/").replace(/\.js$/, ".ts")),
    "{bench,examples,scripts}/**/*.{ts,mjs}",
    "frameworks/*.mjs",
    "test/**/*-worker.ts",
    "test/peers/servers/*",
    "test/runtimes/program/{main,worker,http-by-fetch}.ts",
    "test/**/*.test-d.ts",
    // What Next finds by its place.
    "test/adapters/next-app/{proxy.ts,next.config.mjs,app/**/{layout,page,route}.{ts,tsx}}",
    "examples/next/app/**/*.tsx",
  ],
  project: ["{src,test,bench,examples,scripts}/**/*.{ts,tsx,mjs}", "frameworks/*.mjs", "!**/.next/**"],
  // What they import is in frameworks/package.json.
  ignore: ["examples/{astro,nitro,react-router,sveltekit}/**", "test/examples/frameworks/**"],
  // Types that say what an exported function takes or gives are exported with it.
  ignoreExportsUsedInFile: { interface: true, type: true },
  // The system's own.
  ignoreBinaries: ["apt-get", "mkfifo", "mount", "mvn", "openssl", "perl", "redis-cli", "setpriv", "umount"],
  // Called by scripts/ by their paths; `cloudflare:node` is a module of workerd's.
  ignoreDependencies: ["cloudflare", "@arethetypeswrong/cli", "oxlint", "oxlint-tsgolint", "publint"],
};
