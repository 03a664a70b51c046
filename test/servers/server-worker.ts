/**
 * A process that serves sessions: `server-worker.ts PLAN`. It says what it has to tell as JSON, line by line, and hears what
 * to do. With SIGTERM it takes no more requests, answers those that it has, and ends.
 */
import { createInterface } from "node:readline";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Store, sessions } from "../../src/index.ts";
import { migratingStore } from "../../src/stores/migrating.ts";
import type { KitData } from "../../src/testing/internal/adapter-stage.ts";
import { PLACES } from "../proof/places.ts";
import { Pages } from "./act.ts";
import { ADAPTERS, type Ending } from "./adapters.ts";
import { Gates } from "./gates.ts";
import { adoptingFormers } from "./formers.ts";
import type { Heard, Plan, State } from "./process.ts";

const { place, address, adapter, keys, adopts = false, from } = JSON.parse(process.argv[2] ?? "") as Plan;
const say = (told: Heard) => console.log(JSON.stringify(told));
const gates = new Gates((held) => say({ held }));
const pages = new Pages(gates);
const opened = await PLACES[place]?.open(address);
// Saves are held for as long as the test wants.
const left = from && (await PLACES[from.place]?.open(from.address));
const store = left ? migratingStore(left.store, opened?.store as Store) : (opened?.store as Store);
const visits = sessions<KitData>({ store: pages.held(store), keys, storeTimeout: 120 });
const served = adopts ? pages.opening(adoptingFormers(visits, store)) : visits;
const server = (await ADAPTERS[adapter](served, pages.act)) as Ending;

let failures = 0;
process.on("unhandledRejection", () => failures++).on("warning", ({ name }) => name === "FlagonWarning" && failures++);
process.on("SIGTERM", () => {
  say({ ending: true });
  void server.finish().then(async () => {
    await left?.close();
    await opened?.close();
    process.stdin.destroy();
  });
});
const heard = createInterface({ input: process.stdin }).on("line", (line) => {
  const [word = "", name = ""] = line.split(" ");
  if (word === "let") gates.letThrough(name);
  else void stateOf().then((state) => say({ state }));
});
// Whoever started this one may be gone, or this one is done.
heard.on("close", () => process.exit());
say({ url: server.url });

/** How the process is, once nothing is under way. */
async function stateOf(): Promise<State> {
  let quiet = 0;
  while (quiet < 50) {
    quiet = pages.busy === 0 ? quiet + 1 : 0;
    await nextTurn();
  }
  globalThis.gc?.();
  await nextTurn();
  globalThis.gc?.();
  return { resources: resources(), failures, heap: process.memoryUsage().heapUsed };
}

/** What keeps the process alive, beside what this file itself has open. */
function resources(): string[] {
  return process.getActiveResourcesInfo().toSorted();
}
