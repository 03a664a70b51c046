/**
 * The suites in workerd: a request for `/run/SUITE` runs one, and answers with a line of JSON for each case. All other
 * requests are the suite's own visits, which come back in through the socket that workerd listens on.
 */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { session } from "../../../src/adapters/fetch.ts";
import { sessions } from "../../../src/index.ts";
import { type AdapterKit, type Served, type Test, browser, countingStore, testAdapter, testStore } from "../../../src/testing/index.ts";
import { memoryStore } from "../../../src/stores/memory.ts";
import { fetchHandler } from "../../adapters/servers.ts";
import { h3App, honoApp } from "../../adapters/web-servers.ts";
import { casesOf, runCases } from "./cases.ts";

type Handler = (request: Request) => Response | Promise<Response>;

/** What answers the visits: a suite runs one server at a time. */
let current: Handler = () => new Response(null, { status: 404 });
let url = "";

function serve(handler: Handler): Served {
  current = handler;
  return { url, close: () => {} };
}

/** Parallel requests over a store that takes its time, as one behind a socket does: each waits in a request of its own. */
function testMeetings(test: Test): void {
  for (const tabs of [2, 8]) {
    test(`counts what ${tabs} requests at once add`, async () => {
      const store = countingStore(memoryStore(), () => pause(20));
      const visits = sessions<{ n: number }>({ store, keys: { current: "meetings-own_key-for-tests-only_0123456789" } });
      const handler = session(visits, async (_request, context) => {
        const mine = await context.session();
        return new Response(String(mine.update("n", (n) => (n ?? 0) + 1)));
      });
      const tab = browser(serve(handler).url);
      await tab.visit("/");
      const pages = await Promise.all(Array.from({ length: tabs }, () => tab.visit("/")));
      assert.deepEqual(new Set(pages.map(({ status }) => status)), new Set([200]));
      assert.equal((await tab.visit("/")).text, String(tabs + 2));
    });
  }
}

const SUITES: Readonly<Record<string, (test: Test) => void>> = {
  meetings: testMeetings,
  memoryStore: (test) => testStore({ test, open: (clock) => memoryStore({ clock }) }),
  fetch: adapter((...given) => serve(fetchHandler(...given))),
  "Hono 4": adapter((...given) => serve(handlerOf(honoApp("lazy")(...given)))),
  "h3 2": adapter((...given) => serve(handlerOf(h3App("lazy")(...given)))),
};

function adapter(over: AdapterKit["serve"]): (test: Test) => void {
  return (test) => testAdapter({ test, load: "lazy", serve: over });
}

function handlerOf(app: { fetch(request: Request): Response | Promise<Response> }): Handler {
  return (request) => app.fetch(request);
}

async function run(suite: string): Promise<Response> {
  const lines: string[] = [];
  await runCases(casesOf(suite, SUITES[suite] ?? (() => {})), (outcome) => lines.push(JSON.stringify(outcome)));
  return new Response([...lines, "done"].join("\n"));
}

export default {
  async fetch(request: Request): Promise<Response> {
    const { pathname, origin } = new URL(request.url);
    if (!pathname.startsWith("/run/")) return current(request);
    url = origin;
    return run(decodeURIComponent(pathname.slice("/run/".length)));
  },
};
