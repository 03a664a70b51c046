import { type SessionInterface, sessions } from "../../../src/index.ts";
import type { Faults } from "../../faults/proxy.ts";
import type { Figure, Ground, Row } from "../figure.ts";
import { type Client, NETWORKED, clientsOf, through } from "../through.ts";

type Visits = SessionInterface<Record<string, unknown>>;

/** What is done to the line. */
const LINES: Readonly<Record<string, Partial<Faults>>> = {
  "as it is": {},
  "slices of one byte": { slice: 1 },
  "20 kB a second": { bandwidth: 20_000 },
  "2 ms each way": { latency: 2 },
};

/** A change: one read, one write. */
const TRIPS = 2;

/** Whatever the line is like, answers are right, and a change costs one round trip for its read and one for its write. */
export const lines: Figure = {
  goals: "F4",
  title: "a slow or ragged line leaves every answer right; a change makes two round trips",
  places: NETWORKED,
  times: { deep: 200, short: 10 },
  columns: ["client", "line", "changes", "counted", "fewest round trips for a change"],
  async run(ground) {
    const each = clientsOf(ground.place).flatMap((client) => {
      return Object.keys(LINES).map((line) => rowOf(ground, client, line));
    });
    return Promise.all(each);
  },
};

async function rowOf({ place, address, times }: Ground, [name, open]: Client, title: string): Promise<Row> {
  const line = await through(place, address);
  const { store, close } = await open(line.address);
  const keys = { current: "k0-aVeryLongAndRandomKey_for-proofs-only_42" };
  const visits: Visits = sessions({ store, keys, storeTimeout: 30 });
  try {
    const cookie = await begin(visits);
    // Some clients have more to say at first: a script, a statement to prepare.
    await change(visits, cookie);
    Object.assign(line.proxy.faults, LINES[title]);
    // A client may look after its server now and then, by itself.
    let fewest = Infinity;
    for (let n = 0; n < times; n++) {
      const { replies } = line.proxy.tally;
      await change(visits, cookie);
      fewest = Math.min(fewest, line.proxy.tally.replies - replies);
    }
    const counted = (await visits.open({ cookie, secure: false }))["n"];
    const cells = [name, title, times, Number(counted) - 1, fewest];
    const isReached = counted === times + 1 && fewest === TRIPS;
    return isReached ? { cells } : { cells, failure: cells.join(" ") };
  } finally {
    line.proxy.heal();
    await close();
    await line.proxy.stop();
  }
}

async function begin(visits: Visits): Promise<string> {
  const session = await visits.open({ cookie: undefined, secure: false });
  session["n"] = 0;
  const { headers } = await visits.save(session);
  return headers.find(([name]) => name === "Set-Cookie")?.[1].split(";")[0] ?? "";
}

async function change(visits: Visits, cookie: string): Promise<void> {
  const session = await visits.open({ cookie, secure: false });
  session.update("n", (n) => Number(n) + 1);
  await visits.save(session);
}
