/** A server whose sessions are in an engine that fails, and visitors who keep coming. */
import { setTimeout as pause } from "node:timers/promises";
import { session } from "../../src/adapters/node.ts";
import { type SessionInterface, type SessionsOptions, sessions } from "../../src/index.ts";
import { type Browser, type Page, browser } from "../../src/testing/browser.ts";
import { type ManualClock, manualClock } from "../../src/testing/clock.ts";
import { type CountingStore, countingStore, deferred } from "../../src/testing/internal/adapter-stage.ts";
import { listen } from "../adapters/servers.ts";
import type { FaultProxy } from "../faults/proxy.ts";
import type { Opened } from "./disk/disks.ts";
import { type Client, type Line, through } from "./through.ts";

type Data = Record<string, unknown>;

/** How long the store has for an answer, in seconds. */
export const TIMEOUT = 0.1;

/** How often is looked whether connections are closed, and with what pause in milliseconds. */
const MOST_TRIES = 500;
const BETWEEN = 10;

/** What a test of an outage is given. */
export interface Scene {
  readonly proxy: FaultProxy;
  readonly clock: ManualClock;
  /** Of both servers. */
  readonly store: CountingStore;
  /** Tells a visit's answer, and how many milliseconds it took. */
  visit(tab: Browser, path: string): Promise<Timed>;
  /** As `visit`, where the server has `onStoreError: "anonymous"`. The tab's jar learns nothing of it. */
  visitAnonymously(tab: Browser, path: string): Promise<Timed>;
  newTab(): Browser;
  /** Visits `/held` in each tab, until all of the handlers have a session at once. */
  hold(tabs: readonly Browser[]): Promise<Held>;
  /** Closes all but the proxy, and gives how many connections its client has left open. */
  close(): Promise<number>;
  stop(): Promise<void>;
}

/** Handlers that have changed a session, and wait. */
export interface Held {
  /** How often each was visited. */
  readonly tries: number;
  letGo(): Promise<Timed[]>;
}

/** An answer, and how long it took in milliseconds. */
export interface Timed {
  readonly page: Page;
  readonly took: number;
}

/** Opens a place through a proxy that does no harm yet, behind two servers. */
export async function openScene(place: string, address: string, [, open]: Client): Promise<Scene> {
  const line = await through(place, address);
  const opened = await open(line.address);
  const store = countingStore(opened.store);
  const clock = manualClock(Date.now());
  const gate = new Gate();
  const over = (options: Partial<SessionsOptions>) => {
    const keys = { current: "k0-aVeryLongAndRandomKey_for-proofs-only_42" };
    return serve(sessions<Data>({ store, clock, keys, storeTimeout: TIMEOUT, ...options }), gate);
  };
  const [strict, lenient] = [await over({}), await over({ onStoreError: "anonymous" })];
  return {
    proxy: line.proxy,
    clock,
    store,
    visit: (tab, path) => timed(() => tab.visit(path)),
    visitAnonymously: (tab, path) => timed(() => browser(lenient.url).visit(path, { cookie: tab.cookies() ?? "" })),
    newTab: () => browser(strict.url),
    hold: (tabs) => gate.hold(tabs),
    close: () => closeAll(line, opened, [strict, lenient]),
    stop: () => line.proxy.stop(),
  };
}

async function closeAll({ proxy }: Line, { close }: Opened, servers: readonly { close: () => unknown }[]) {
  // What hangs on a line that is broken would not end.
  proxy.heal();
  for (const server of servers) await server.close();
  await close();
  for (let tries = 0; proxy.connections > 0 && tries < MOST_TRIES; tries++) await pause(BETWEEN);
  return proxy.connections;
}

function serve(visits: SessionInterface<Data>, gate: Gate) {
  const listener = session(visits, async (request, response) => {
    const current = request.session;
    if (request.url === "/login") current["user"] = "ada";
    if (request.url !== "/login" && request.url !== "/read") current.update("n", (n) => Number(n ?? 0) + 1);
    if (request.url === "/held") await gate.pass();
    response.end(`${String(current.get("user", "nobody"))} ${Number(current.get("n", 0))}`);
  });
  return listen(listener);
}

async function timed(visit: () => Promise<Page>): Promise<Timed> {
  const start = performance.now();
  return { page: await visit(), took: performance.now() - start };
}

/** Where handlers wait until they are let go, all at once. */
class Gate {
  #open = deferred();
  #arrived: () => void = () => undefined;

  async pass(): Promise<void> {
    this.#arrived();
    await this.#open.promise;
  }

  async hold(tabs: readonly Browser[]): Promise<Held> {
    for (let tries = 1; tries <= MOST_TRIES; tries++) {
      const { held, letGo } = await this.#hold(tabs);
      if (held === tabs.length) return { tries, letGo };
      await letGo();
    }
    throw new Error("the visitors were never all served at once");
  }

  /** Waits until each has arrived, or was refused before, as on a machine that is too busy for the timeout. */
  async #hold(tabs: readonly Browser[]) {
    const [open, settled] = [(this.#open = deferred()), deferred()];
    let [held, refused] = [0, 0];
    const look = () => held + refused === tabs.length && settled.resolve();
    this.#arrived = () => (held++, look());
    const visits = tabs.map((tab) => timed(() => tab.visit("/held")));
    for (const visit of visits) void visit.then(() => (refused++, look()));
    await settled.promise;
    const letGo = () => {
      open.resolve();
      return Promise.all(visits);
    };
    return { held, letGo };
  }
}
