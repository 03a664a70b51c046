import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { walk } from "./walk.ts";

/** How each is started, as its page says. */
const EXAMPLES: Record<string, string> = {
  fastify: "node --import tsx examples/fastify/server.ts",
  h3: "node --import tsx examples/h3/server.ts",
  hono: "node --import tsx examples/hono/server.ts",
  koa: "node --import tsx examples/koa/server.ts",
  nest: "node node_modules/tsx/dist/cli.mjs --tsconfig examples/nest/tsconfig.json examples/nest/server.ts",
  next: "node --import tsx examples/next/server.ts",
  upgrade: "node --import tsx examples/upgrade/server.ts",
};

/** In milliseconds: Next compiles each page when it is first asked for. */
const PATIENCE = 120_000;

test.each(Object.entries(EXAMPLES))(
  "the %s example starts as its page says, and walks",
  async (name, command) => {
    expect(readFileSync(`docs/adapters/${name}.md`, "utf8")).toContain(command);
    const [, ...args] = command.split(" ");
    expect(await walk(...args)).toEqual(["stranger", "Ada", "stranger", "stranger"]);
  },
  PATIENCE,
);
