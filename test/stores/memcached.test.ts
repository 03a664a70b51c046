import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Entry, Store } from "../../src/store.ts";
import { exptimeOf } from "../../src/stores/internal/memcached/exptime.ts";
import { murmur3, rendezvous } from "../../src/stores/internal/memcached/rendezvous.ts";
import { type OwnMemcachedClient, memcachedClient, memcachedStore } from "../../src/stores/memcached.ts";
import { manualClock } from "../../src/testing/clock.ts";
import { bytes } from "../../src/testing/internal/stage.ts";
import { testStore } from "../../src/testing/store-suite.ts";
import { testWriters } from "../../src/testing/store-writers.ts";
import { canStart, engine, has, startMemcached, untilTheEnd } from "../engines.ts";
import { type Line, startLine } from "./memcached-line.ts";
import { startWorker } from "./start-worker.ts";

const MINUTE = 60_000;

/** The largest value that memcached takes by default, under the longest key. */
const LARGEST = 2 ** 20 - 72 - 250;

// Many tests of the kit wait for a deadline that memcached counts down; they wait together.
vi.setConfig({ maxConcurrency: 20 });

describe.skipIf(!has("memcached"))("memcached store", () => {
  let server: string;
  let client: OwnMemcachedClient;
  let store: Store;

  beforeAll(async () => {
    ({ server } = await engine("memcached"));
    client = use(memcachedClient(server));
    store = memcachedStore(client, { prefix: newPrefix() });
  });

  testStore({ test: test.concurrent, open: () => store, time: "engine", grace: 2000, maxValue: LARGEST });

  testWriters({
    test,
    open: () => memcachedStore(client),
    spawn: (plan) => startWorker("memcached", server, plan),
  });
});

function newPrefix(): string {
  return `flagon-test:${randomUUID()}:`;
}

const closing: { close(): unknown }[] = [];
afterAll(() => {
  for (const each of closing) each.close();
});

/** A client until the file's last test has run. */
function use(client: OwnMemcachedClient): OwnMemcachedClient {
  closing.push(client);
  return client;
}
