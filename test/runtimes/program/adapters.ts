/** The adapters on `node:http`, and those for web standards on the runtime's own server, if it has one. */
import type { AdapterKit } from "../../../src/testing/index.ts";
import { EXPRESS, KOA, overExpress, overFastify, overKoa, overNode } from "../../adapters/servers.ts";
import { overH3v1 } from "../../adapters/web-servers.ts";
import type { NODE_ADAPTERS, WEB_ADAPTERS } from "../names.ts";
import { overFetch, overH3, overHono } from "./web-adapters.ts";

type Name = (typeof NODE_ADAPTERS | typeof WEB_ADAPTERS)[number];

const [express5, express4] = Object.values(EXPRESS);
const [koa3, koa2] = Object.values(KOA);

export const adapters = {
  "node:http": { serve: overNode("lazy"), load: "lazy" },
  "Express 5": { serve: overExpress(known(express5), "lazy"), load: "lazy" },
  "Express 4": { serve: overExpress(known(express4), "eager"), load: "eager" },
  "Fastify 5": { serve: overFastify("lazy"), load: "lazy" },
  "Koa 3": { serve: overKoa(known(koa3), "lazy"), load: "lazy" },
  "Koa 2": { serve: overKoa(known(koa2), "eager"), load: "eager" },
  "h3 1": { serve: overH3v1("lazy"), load: "lazy", ambient: false },
  fetch: { serve: overFetch, load: "lazy" },
  "Hono 4": { serve: overHono, load: "lazy" },
  "h3 2": { serve: overH3, load: "lazy" },
} satisfies Record<Name, Omit<AdapterKit, "test">>;

function known<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new Error("a framework is missing in test/adapters/servers.ts");
  return thing;
}
