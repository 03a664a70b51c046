import compression from "compression";
import { compress } from "hono/compress";
import { describe, test } from "vitest";
import { type ResponsesKit, testResponses } from "../../src/testing/response-suite.ts";
import { type App, overNest } from "./nest-servers.ts";
import {
  type Around,
  EXPRESS,
  KOA,
  type Layer,
  overExpress,
  overFastify,
  overFetch,
  overKoa,
  overNode,
} from "./servers.ts";
import { overH3, overH3v1, overHono } from "./web-servers.ts";

type Host = Omit<ResponsesKit, "test">;

const zip = compression({ threshold: 0, filter: () => true }) as unknown as Layer;

/** A host as it is, and with something that zips on either side of the session. */
function zipped(name: string, host: Omit<Host, "serve">, serve: (around: Around) => Host["serve"]): [string, Host][] {
  return [
    [name, { ...host, serve: serve({}) }],
    [`${name}, zipped in front of it`, { ...host, zips: true, serve: serve({ front: zip }) }],
    [`${name}, zipped behind it`, { ...host, zips: true, serve: serve({ behind: zip }) }],
  ];
}

/** Has Nest zip in front of the session: its module comes later. */
const zips = (app: App) => void app.use(zip);

const HOSTS: [string, Host][] = [
  ...zipped("node:http", { hints: true }, (around) => overNode("eager", around)),
  ["node:http, lazy", { hints: true, serve: overNode("lazy") }],
  ["node:http2", { hints: true, http2: true, serve: overNode("eager", { http2: true }) }],
  ...Object.entries(EXPRESS).flatMap(([name, express]) => [
    ...zipped(name, { hints: true, revalidates: true }, (around) => overExpress(express, "eager", around)),
    [`${name}, lazy`, { hints: true, revalidates: true, serve: overExpress(express, "lazy") }] as [string, Host],
  ]),
  ...zipped("Fastify", { hints: true }, (around) => overFastify("eager", around)),
  ["Fastify, lazy", { hints: true, serve: overFastify("lazy") }],
  ["Fastify over HTTP/2", { hints: true, http2: true, serve: overFastify("eager", { http2: true }) }],
  ...Object.entries(KOA).flatMap(([name, koa]) => [
    ...zipped(name, { hints: true }, (around) => overKoa(koa, "eager", around)),
    [`${name}, lazy`, { hints: true, serve: overKoa(koa, "lazy") }] as [string, Host],
  ]),
  [
    "Koa 3 over HTTP/2",
    { hints: true, http2: true, serve: overKoa(KOA["Koa 3"] as (typeof KOA)[string], "eager", { http2: true }) },
  ],
  ["Nest on Express", { hints: true, revalidates: true, serve: overNest("Express", "eager") }],
  ["Nest on Fastify", { hints: true, serve: overNest("Fastify", "eager") }],
  [
    "Nest on Express, zipped",
    { hints: true, revalidates: true, zips: true, serve: overNest("Express", "eager", zips) },
  ],
  ["Nest on Fastify, zipped", { hints: true, zips: true, serve: overNest("Fastify", "eager", zips) }],
  ["h3 1", { hints: true, serve: overH3v1("lazy") }],
  ["h3 1, eager", { hints: true, serve: overH3v1("eager") }],
  ["h3 1, zipped", { hints: true, zips: true, serve: overH3v1("lazy", { front: zip }) }],
  ["h3 1 over HTTP/2", { hints: true, http2: true, serve: overH3v1("lazy", { http2: true }) }],
  ["h3 2", { serve: overH3("lazy") }],
  ["h3 2, eager", { serve: overH3("eager") }],
  ["h3 2 over HTTP/2", { http2: true, serve: overH3("lazy", { http2: true }) }],
  ["fetch", { throwsToHost: true, serve: overFetch() }],
  ["fetch, zipped", { throwsToHost: true, zips: true, serve: overFetch({ front: zip }) }],
  // Last: its server puts another `Response` in the place of Node's, with which h3 loses the status of an error.
  ["Hono", { serve: overHono("lazy") }],
  ["Hono, eager", { serve: overHono("eager") }],
  ["Hono over HTTP/2", { http2: true, serve: overHono("lazy", { http2: true }) }],
  ["Hono, zipped in front of it", { zips: true, serve: overHono("lazy", { front: compress({ threshold: 0 }) }) }],
  ["Hono, zipped behind it", { zips: true, serve: overHono("lazy", { behind: compress({ threshold: 0 }) }) }],
];

describe.each(HOSTS)("responses of %s", (_name, host) => {
  testResponses({ test, ...host });
});
