import type { AdapterKit, Served } from "../../src/testing/internal/adapter-stage.ts";
import { EXPRESS, overExpress, overFetch, overNode } from "../adapters/servers.ts";

const express5 = EXPRESS["Express 5"] as NonNullable<(typeof EXPRESS)[string]>;

/** The adapters that a server may be asked to have. */
export const ADAPTERS = {
  express: overExpress(express5, "eager"),
  "express, lazy": overExpress(express5, "lazy"),
  node: overNode("eager"),
  "node, lazy": overNode("lazy"),
  fetch: overFetch(),
} satisfies Record<string, AdapterKit["serve"]>;

export type AdapterName = keyof typeof ADAPTERS;

/** A server that can also be told to take no more, and to end when all are answered. */
export interface Ending extends Served {
  finish(): Promise<unknown>;
}
