/**
 * The suites in workerd: a request for `/run/SUITE` runs one, and answers with a line of JSON for each case. All other
 * requests are the suite's own visits, which come back in through the socket that workerd listens on.
 */
import { handleAsNodeRequest } from "cloudflare:node";
import { memoryStore } from "../../../src/stores/memory.ts";
import { type AdapterKit, type Served, type Test, testStore } from "../../../src/testing/index.ts";
import { fetchHandler } from "../../adapters/servers.ts";
import { h3App, honoApp } from "../../adapters/web-servers.ts";
import type { NODE_ADAPTERS, SuiteName } from "../names.ts";
import { adapters, both, testAdapters } from "./adapters.ts";
import { casesOf, runCases } from "./cases.ts";
import { testVectors } from "./flask.ts";
import { testMeetings } from "./meetings.ts";

type Handler = (request: Request) => Response | Promise<Response>;

/** What answers the visits: a suite runs one server at a time. */
let current: Handler = () => new Response(null, { status: 404 });
let origin = "";
let vectors = "";

function serve(handler: Handler): Served {
  current = handler;
  return { url: origin, close: () => {} };
}

const SUITES: Readonly<Partial<Record<SuiteName, (test: Test) => void>>> = {
  "Flask's cookies": (test) => testVectors(test, "Flask's cookies", fetchVectors),
  "Flask's lifecycle": (test) => testVectors(test, "Flask's lifecycle", fetchVectors),
  memoryStore: (test) => testStore({ test, open: (clock) => memoryStore({ clock }) }),
  "requests that meet": (test) => testMeetings(test, serve),
  fetch: (test) => testAdapters(test, [{ load: "lazy", serve: overWeb(fetchHandler) }]),
  "h3 2": (test) =>
    testAdapters(
      test,
      both((load) => overWeb((...given) => handlerOf(h3App(load)(...given)))),
    ),
  "Hono 4": (test) =>
    testAdapters(
      test,
      both((load) => overWeb((...given) => handlerOf(honoApp(load)(...given)))),
    ),
  "node:http": overNode("node:http"),
  "Express 5": overNode("Express 5"),
  "Express 4": overNode("Express 4"),
  "Fastify 5": overNode("Fastify 5"),
  "Koa 3": overNode("Koa 3"),
  "Koa 2": overNode("Koa 2"),
  "h3 1": overNode("h3 1"),
};

function overWeb(make: (...given: Parameters<AdapterKit["serve"]>) => Handler): AdapterKit["serve"] {
  return (...given) => serve(keptAlive(make(...given)));
}

/** Servers of `node:http` listen at ports that workerd knows by number alone. */
function overNode(name: (typeof NODE_ADAPTERS)[number]): (test: Test) => void {
  const kits = adapters[name].map((kit) => ({ ...kit, serve: inWorker(kit.serve) }));
  return (test) => testAdapters(test, kits);
}

function inWorker(start: AdapterKit["serve"]): AdapterKit["serve"] {
  return async (...given) => {
    const { url, close } = await start(...given);
    const { port } = new URL(url);
    return { ...serve(keptAlive((request) => handleAsNodeRequest(Number(port), request))), close };
  };
}

/**
 * The kit has requests wait for each other, to be sure that they meet; workerd cancels one that has nothing under way of
 * its own. Suites that want to see that do without.
 */
function keptAlive(handler: Handler): Handler {
  return async (request) => {
    const timer = setInterval(() => {}, 5);
    try {
      return await handler(request);
    } finally {
      clearInterval(timer);
    }
  };
}

function handlerOf(app: { fetch(request: Request): Response | Promise<Response> }): Handler {
  return (request) => app.fetch(request);
}

async function fetchVectors(file: string): Promise<string> {
  const { [file]: text = "" } = JSON.parse(vectors) as Record<string, string>;
  return text;
}

async function run(suite: string): Promise<Response> {
  const lines: string[] = [];
  const declare = SUITES[suite as SuiteName] ?? (() => {});
  await runCases(casesOf(suite, declare), (outcome) => lines.push(JSON.stringify(outcome)));
  return new Response([...lines, "done"].join("\n"));
}

export default {
  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (!url.pathname.startsWith("/run/")) return current(request);
    ({ origin } = url);
    vectors = await request.text();
    return run(decodeURIComponent(url.pathname.slice("/run/".length)));
  },
};
