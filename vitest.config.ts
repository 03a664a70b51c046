import { defineConfig } from "vitest/config";
import { plantMutant } from "./test/mutants/plugin.ts";

export default defineConfig({
  plugins: [plantMutant(process.env["FLAGON_MUTANT"])],
  test: {
    include: ["test/**/*.test.ts"],
    reporters: ["default", "./scripts/closing-line.mjs"],
    // Most of the time tests wait for engines, so more of them than there are processors do no harm.
    maxWorkers: 3,
    // What waits for an engine waits longer than a busy machine takes.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 20_000 } },
    typecheck: {
      enabled: true,
      include: ["test/**/*.test-d.ts"],
      // Programs of their own, which `npm run check -- nest next` compiles: here nobody would look at their types.
      exclude: ["test/adapters/{nest,next-app}/**"],
      checker: "tsc",
      tsconfig: "./tsconfig.json",
    },
  },
});
