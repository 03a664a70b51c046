import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { runModel } from "../../model/run.ts";
import type { Ground } from "../../model/site.ts";
import { manualClock } from "../../../src/testing/clock.ts";
import type { Store } from "../../../src/store.ts";
import type { Figure, Ground as Where, Row } from "../figure.ts";
import { PLACES } from "../places.ts";

/** Sequences of one place that run at the same time, each chain with a clock and a client of its own. */
const CHAINS = 8;

/** What these do of a thousand in the time that CI has. */
const SLOW = { file: 80, sqlite: 300, postgres: 200, mariadb: 400, mongo: 32, dynamo: 32 };

/** Sessions do in every store what they promise: told by a model that knows no store. */
export const model: Figure = {
  goals: "G5",
  title: "sessions in a store agree with a model of them, command by command",
  places: Object.keys(PLACES),
  times: { deep: 10_000, short: 1000, slow: SLOW },
  columns: ["store", "sequences", "commands", "whose time", "divergences"],
  async run({ place, address, times, seed }) {
    const each = Math.ceil(times / CHAINS);
    const runs = await Promise.all(
      Array.from({ length: CHAINS }, (_, n) => runChain({ place, address, times: each, seed: seed + n })),
    );
    const failures = runs.flatMap(({ failure }) => (failure === undefined ? [] : [`${place}: ${failure}`]));
    const sum = (what: "sequences" | "commands") => runs.reduce((total, run) => total + run[what], 0);
    const time = PLACES[place]?.clocked ? "the test's" : "the engine's: only absolute ends come";
    const cells = [place, sum("sequences"), sum("commands"), time, failures.length];
    return [{ cells, ...(failures.length > 0 && { failure: failures.join("\n") }) } satisfies Row];
  },
};

async function runChain({ place, address, times, seed }: Where) {
  const found = PLACES[place];
  if (!found) throw new Error(`there is no place of the name ${place}`);
  const clock = manualClock(Date.now());
  const isFile = found.clocked === true && found.engine === undefined;
  const { store, close } = await found.open(isFile ? mkdtempSync(join(address, "chain-")) : address, clock);
  const own = { store: isFile ? store : unswept(store), clock, time: "clock" } as const;
  const groundOf = (): Ground => (found.clocked ? own : { store, clock: manualClock(Date.now()), time: "engine" });
  try {
    return await runModel(times, seed, groundOf);
  } finally {
    await close();
  }
}

/** Other chains use the same table at another time: a sweep would take what lives there. */
function unswept(store: Store): Store {
  return {
    create: (key, entry) => store.create(key, entry),
    read: (key) => store.read(key),
    update: (key, change) => store.update(key, change),
    delete: (key) => store.delete(key),
  };
}
