import type { AdapterName } from "../../servers/adapters.ts";
import { Visitor } from "../../servers/aborts.ts";
import { ServerProcess, type State } from "../../servers/process.ts";
import type { Figure, Ground, Row } from "../figure.ts";
import { manyAtOnce } from "../schedules/orders.ts";
import { chooseBy } from "../schedules/random.ts";

const ADAPTERS: readonly AdapterName[] = ["express", "node", "fetch", "fastify", "koa", "hono", "h3", "h3 1", "nest"];
const VISITORS = 20;
const keys = { current: "k0-aVeryLongAndRandomKey_for-proofs-only_42" };
/** The first of them also warms up. */
const PARTS = 5;
/** Fewer than these say nothing of the heap. */
const ENOUGH = 3000;
/** Bytes for 10 000 aborts. */
const MOST_GROWTH = 2 ** 20;

/** Clients that go away in the middle. */
export const aborts: Figure = {
  goals: "G13",
  title: "aborts: each session is wholly old or wholly new, and nothing is left behind",
  places: [],
  times: { deep: 10_000, short: 40 },
  columns: ["adapter", "aborts", "half states", "rejections", "handles left", "heap: KiB for 10 000"],
  async run(ground) {
    const rows: Row[] = [];
    for (const adapter of ADAPTERS) rows.push(await rowOf(ground, adapter));
    return rows;
  },
};

async function rowOf({ address, times, seed }: Ground, adapter: AdapterName): Promise<Row> {
  const server = await ServerProcess.start({ place: "file", address, adapter, keys });
  try {
    const visitors = Array.from({ length: VISITORS }, (_, n) => new Visitor(server, `v${n}`));
    for (const visitor of visitors) await visitor.begin();
    const states: State[] = [];
    const halves: string[] = [];
    for (let part = 0; part < PARTS; part++) {
      await abortAll(visitors, times / PARTS, seed * PARTS + part);
      states.push(await quiet(server, states[0]));
      halves.push(...(await wrongs(visitors)));
    }
    const [start, end] = [states[0] as State, states.at(-1) as State];
    const growth = (growthOf(states) / times) * 10_000;
    const left = end.resources.length - start.resources.length;
    const failures = [
      ...halves,
      ...(end.failures > 0 ? [`${end.failures} rejections that nobody handled`] : []),
      ...(left > 0 ? [`${start.resources.join(" ")} has become ${end.resources.join(" ")}`] : []),
      ...(times >= ENOUGH && growth > MOST_GROWTH ? [`the heap grew by ${growth} bytes for 10 000`] : []),
    ];
    const heap = times >= ENOUGH ? Math.round(growth / 1024) : "not measured";
    const cells = [adapter, times, halves.length, end.failures, left, heap];
    return failures.length === 0 ? { cells } : { cells, failure: `${adapter}, seed ${seed}: ${failures.join("; ")}` };
  } finally {
    await server.stop();
  }
}

/**
 * The bytes that come with as many aborts as there were, from the least that was in use in the first states and in the last:
 * what one collection has left may be gone after the next.
 */
function growthOf(states: readonly State[]): number {
  const [first, last] = [states.slice(0, 2), states.slice(-2)].map((some) => Math.min(...some.map(({ heap }) => heap)));
  return (Number(last) - Number(first)) * (PARTS / (PARTS - 2));
}

/** Each visitor has one request at a time, so that it is known what may have been saved. */
async function abortAll(visitors: readonly Visitor[], times: number, seed: number): Promise<void> {
  let begun = 0;
  let next = 0;
  const visit = async (visitor: Visitor, n: number) => {
    const choose = chooseBy(seed * 1009 + n);
    while (begun++ < times) await visitor.abort(choose);
  };
  await manyAtOnce(visitors.length, () => {
    const visitor = visitors[next];
    return visitor && visit(visitor, next++);
  });
}

async function wrongs(visitors: readonly Visitor[]): Promise<string[]> {
  const found = await Promise.all(visitors.map((visitor) => visitor.wrong()));
  return found.filter((wrong) => wrong !== undefined);
}

/** The server when nothing is under way; sockets may take a few turns to be gone. */
async function quiet(server: ServerProcess, start?: State): Promise<State> {
  let state = await server.state();
  for (let tries = 0; tries < 100 && state.resources.length > (start?.resources.length ?? 0); tries++) {
    const before = state.resources.length;
    state = await server.state();
    if (!start && state.resources.length === before && tries > 10) break;
  }
  return state;
}
