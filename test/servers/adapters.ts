import type { AdapterKit, Served } from "../../src/testing/internal/adapter-stage.ts";
import { EXPRESS, KOA, overExpress, overFastify, overFetch, overKoa, overNode } from "../adapters/servers.ts";

const express5 = EXPRESS["Express 5"] as NonNullable<(typeof EXPRESS)[string]>;
const koa3 = KOA["Koa 3"] as NonNullable<(typeof KOA)[string]>;

const nest = () => import("../adapters/nest-servers.ts");
const web = () => import("../adapters/web-servers.ts");

/** For frameworks that a process has to load only where it serves by them. */
export function later(load: () => Promise<AdapterKit["serve"]>): AdapterKit["serve"] {
  return async (sessions, act) => (await load())(sessions, act);
}

/** The adapters that a server may be asked to have. */
export const ADAPTERS = {
  express: overExpress(express5, "eager"),
  "express, lazy": overExpress(express5, "lazy"),
  node: overNode("eager"),
  "node, lazy": overNode("lazy"),
  fetch: overFetch(),
  fastify: overFastify("eager"),
  koa: overKoa(koa3, "eager"),
  hono: later(async () => (await web()).overHono("lazy")),
  h3: later(async () => (await web()).overH3("lazy")),
  "h3 1": later(async () => (await web()).overH3v1("lazy")),
  nest: later(async () => (await nest()).overNest("Express", "eager")),
} satisfies Record<string, AdapterKit["serve"]>;

export type AdapterName = keyof typeof ADAPTERS;

/** A server that can also be told to take no more, and to end when all are answered. */
export interface Ending extends Served {
  finish(): Promise<unknown>;
}
