/** The adapters on `node:http`, and those for web standards on the runtime's own server, if it has one. */
import { type AdapterKit, type Test, testAdapter } from "../../../src/testing/index.ts";
import { EXPRESS, KOA, overExpress, overFastify, overKoa, overNode } from "../../adapters/servers.ts";
import { overH3v1 } from "../../adapters/web-servers.ts";
import type { NODE_ADAPTERS, WEB_ADAPTERS } from "../names.ts";
import { overFetch, overH3, overHono } from "./web-adapters.ts";

type Name = (typeof NODE_ADAPTERS | typeof WEB_ADAPTERS)[number];

const [express5, express4] = Object.values(EXPRESS);
const [koa3, koa2] = Object.values(KOA);

type Kit = Omit<AdapterKit, "test">;
type Load = AdapterKit["load"] & {};

/** Each adapter with both kinds of sessions, if it has both. */
export const adapters: Readonly<Record<Name, readonly Kit[]>> = {
  "node:http": both(overNode),
  "Express 5": both((load) => overExpress(known(express5), load)),
  "Express 4": both((load) => overExpress(known(express4), load)),
  "Fastify 5": both(overFastify),
  "Koa 3": both((load) => overKoa(known(koa3), load)),
  "Koa 2": both((load) => overKoa(known(koa2), load)),
  "h3 1": both(overH3v1).map((kit) => ({ ...kit, ambient: false })),
  fetch: [{ serve: overFetch, load: "lazy" }],
  "Hono 4": both(overHono),
  "h3 2": both(overH3),
};

/** What is served with either kind of sessions. */
export function both(serveWith: (load: Load) => Kit["serve"]): Kit[] {
  return (["lazy", "eager"] as const).map((load) => ({ serve: serveWith(load), load }));
}

/** Holds each of them against what every adapter promises. */
export function testAdapters(test: Test, kits: readonly Kit[]): void {
  for (const kit of kits) testAdapter({ ...kit, test: (name, run) => test(`${name} (${kit.load})`, run) });
}

function known<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new Error("a framework is missing in test/adapters/servers.ts");
  return thing;
}
