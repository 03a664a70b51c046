import { setTimeout as pause } from "node:timers/promises";
import { type Session, SessionError, type SessionInterface, type Store, sessions } from "../../../src/index.ts";
import { share } from "../../faults/proxy.ts";
import type { Figure, Ground, Row } from "../figure.ts";
import { type Client, NETWORKED, clientsOf, through } from "../through.ts";

type Data = Record<string, unknown>;
type Visits = SessionInterface<Data>;

/** A kind of change, and how often each is found afterwards. */
interface Kind {
  readonly title: string;
  make(session: Session<Data>, n: number): unknown;
  found(session: Session<Data>): number[];
}

const KINDS: readonly Kind[] = [
  {
    title: "`update`",
    make(session, n) {
      session.update("count", (count) => Number(count ?? 0) + 1);
      session.update("made", (made) => [...((made ?? []) as number[]), n]);
    },
    found(session) {
      const made = (session["made"] ?? []) as number[];
      if (session["count"] !== made.length)
        throw new Error(`${made.length} updates counted ${String(session["count"])}`);
      return made;
    },
  },
  {
    title: "assignment",
    make: (session, n) => (session[`k${n}`] = n),
    found: (session) => Object.values(session).filter((value) => typeof value === "number"),
  },
];

const WRITERS = 4;
const LOST = 0.2;
/** How often a request asks again for a session that it could not load, with a pause of so many milliseconds. */
const MOST_TRIES = 1000;
const BETWEEN = 5;

/** Four writers change one session over a line that loses replies after the engine has done what was asked. */
export const replies: Figure = {
  goals: "G7",
  title: "exactly once: 20 % of the engine's replies are lost",
  places: NETWORKED,
  times: { deep: 1000, short: 100 },
  columns: [
    "client",
    "changes",
    "requests",
    "replies lost",
    "acknowledged",
    "refused",
    "in doubt",
    "of those there",
    "lost",
    "twice",
  ],
  run(ground) {
    const each = clientsOf(ground.place).flatMap((client) => KINDS.map((kind) => rowOf(ground, client, kind)));
    return Promise.all(each);
  },
};

/** What became of the requests, by their numbers. */
interface Told {
  readonly acknowledged: number[];
  /** Answered with `CONFLICT`: not made. */
  readonly refused: number[];
  /** Answered with `IN_DOUBT`, or with `STORE` where even the look that was to tell failed: made or not. */
  readonly inDoubt: number[];
}

async function rowOf(ground: Ground, client: Client, kind: Kind): Promise<Row> {
  const told: Told = { acknowledged: [], refused: [], inDoubt: [] };
  const { found, drops } = await writeAll(ground, client, kind, told);
  const has = (n: number) => found.includes(n);
  const { acknowledged, refused, inDoubt } = told;
  const lost = acknowledged.filter((n) => !has(n)).length;
  const twice = found.length - new Set(found).size;
  const counts = [ground.times, drops, acknowledged.length, refused.length, inDoubt.length];
  const cells = [client[0], kind.title, ...counts, inDoubt.filter(has).length, lost, twice];
  const isExact = lost === 0 && twice === 0 && !refused.some(has) && inDoubt.length <= drops;
  const isShown = drops >= ground.times / 10;
  return isExact && isShown ? { cells } : { cells, failure: `seed ${ground.seed}: ${cells.join(" ")}` };
}

/** Makes all changes, and gives those that are there afterwards, and how many replies were lost. */
async function writeAll(ground: Ground, [, open]: Client, kind: Kind, told: Told) {
  const { proxy, address } = await through(ground.place, ground.address);
  const opened = await Promise.all(Array.from({ length: WRITERS }, () => open(address)));
  try {
    const [first, ...others] = opened.map(({ store }) => visitsOver(store)) as [Visits, ...Visits[]];
    const cookie = await begin(first);
    proxy.faults.loses = share(LOST, ground.seed);
    let next = 0;
    const write = async (visits: Visits) => {
      while (next < ground.times) await change(visits, cookie, kind, next++, told);
    };
    await Promise.all([first, ...others].map(write));
    proxy.heal();
    return { found: kind.found(await opening(first, cookie)), drops: proxy.tally.lost };
  } finally {
    for (const { close } of opened) await close();
    await proxy.stop();
  }
}

function visitsOver(store: Store): Visits {
  // A reply is lost, not late: the timeout plays no part.
  return sessions<Data>({ store, keys: { current: "k0-aVeryLongAndRandomKey_for-proofs-only_42" }, storeTimeout: 30 });
}

async function begin(visits: Visits): Promise<string> {
  const session = await visits.open({ cookie: undefined, secure: false });
  session["owner"] = "ada";
  const { headers } = await visits.save(session);
  return headers.find(([name]) => name === "Set-Cookie")?.[1].split(";")[0] ?? "";
}

/** The session, as soon as the client has a connection over which it comes. */
async function opening(visits: Visits, cookie: string): Promise<Session<Data>> {
  for (let tries = 1; ; tries++) {
    try {
      return await visits.open({ cookie, secure: false });
    } catch (error) {
      if (tries === MOST_TRIES) throw error;
      await pause(BETWEEN);
    }
  }
}

async function change(visits: Visits, cookie: string, kind: Kind, n: number, told: Told): Promise<void> {
  const session = await opening(visits, cookie);
  kind.make(session, n);
  try {
    const { result } = await visits.save(session);
    if (result !== "saved" && result !== "merged") throw new Error(`request ${n} came to a session that is ${result}`);
    told.acknowledged.push(n);
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    told[error.code === "CONFLICT" ? "refused" : "inDoubt"].push(n);
  }
}
