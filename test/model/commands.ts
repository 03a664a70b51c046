/** What may happen to a site, as commands that fast-check puts in a row and takes away again. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ACTS, type Act, anyAct, anySet, fail, regenerate } from "./acts.ts";
import type { Jar, Site } from "./site.ts";
import { type Reply, Visit } from "./visit.ts";
import type { Fault } from "./watched.ts";
import { TIMEOUTS, type World, liveOf, without } from "./world.ts";

/** fast-check wants a model beside what is real; ours is in the site. */
type Model = Record<string, never>;

export type Command = fc.AsyncCommand<Model, Site>;

/** How many were run, of all sequences: a figure is no better than what it counts. */
export interface Tally {
  commands: number;
}

/** What a command does, and how it is shown. */
interface Step {
  readonly shown: string;
  run(site: Site): Promise<void>;
}

class Counted implements Command {
  readonly #step: Step;
  readonly #tally: Tally;

  constructor(step: Step, tally: Tally) {
    this.#step = step;
    this.#tally = tally;
  }

  check = () => true;

  async run(_model: Model, site: Site): Promise<void> {
    this.#tally.commands++;
    await this.#step.run(site);
    if (site.ground.count) await site.check();
  }

  toString = () => this.#step.shown;
}

/** Who asks, and which process answers. */
interface Who {
  readonly jar: number;
  readonly process: number;
}

const who = fc.record({ jar: fc.nat({ max: 2 }), process: fc.nat({ max: 1 }) });
const some = fc.array(anyAct, { maxLength: 4 });
const show = (given: unknown) =>
  JSON.stringify(given, (_key, value: unknown) => {
    return typeof value === "object" && value !== null && "real" in value ? (value as unknown as Act).name : value;
  });

function command<Given>(name: string, given: fc.Arbitrary<Given>, run: (site: Site, given: Given) => Promise<void>) {
  return given.map((values): Step => ({ shown: `${name}(${show(values)})`, run: (site) => run(site, values) }));
}

function jarOf(site: Site, n: number): Jar {
  const jar = site.jars[n];
  assert.ok(jar);
  return jar;
}

const cookiesOf = ({ cookie }: Jar) => (cookie ? [cookie] : []);

async function visit(site: Site, { jar: n, process }: Who, acts: readonly Act[]): Promise<void> {
  const jar = jarOf(site, n);
  await (await new Visit(site, process).open(cookiesOf(jar))).act(acts).save(jar);
  await checkJar(site, jar);
}

const checkJar = (site: Site, { cookie, former }: Jar) =>
  site.check([...(cookie ? [cookie] : []), ...former.slice(-2)].map(({ id }) => id));

/** A request for each thing that a handler may do. */
const single = Object.entries(ACTS).map(([name, act]) =>
  command(name, fc.tuple(who, act), (site, [from, only]) => visit(site, from, [only])),
);

const ordinary = [
  command("read", who, (site, from) => visit(site, from, [])),
  command("several", fc.tuple(who, some), (site, [from, acts]) => visit(site, from, acts)),
  command("login", fc.tuple(who, regenerate, anySet), (site, [from, ...acts]) => visit(site, from, acts)),
  command("failed", fc.tuple(who, some, fail), (site, [from, acts, last]) => visit(site, from, [...acts, last])),
  command("stranger", fc.tuple(who, some), async (site, [from, acts]) => {
    jarOf(site, from.jar).cookie = undefined;
    await visit(site, from, acts);
  }),
  command("sameBrowser", fc.tuple(fc.nat({ max: 2 }), fc.nat({ max: 2 })), async (site, [one, other]) => {
    jarOf(site, one).cookie = jarOf(site, other).cookie;
  }),
  command("unused", who, async (site, { jar: n, process }) => {
    const jar = jarOf(site, n);
    await (await new Visit(site, process).open(cookiesOf(jar))).unused().save(jar);
    await checkJar(site, jar);
  }),
  command("twice", fc.tuple(who, some, some), async (site, [{ jar: n, process }, first, second]) => {
    const jar = jarOf(site, n);
    const twice = (await new Visit(site, process).open(cookiesOf(jar))).act(first);
    await twice.save(jar);
    await twice.act(second).save(jar);
    await checkJar(site, jar);
  }),
];

const cookies = [
  command("nonsense", fc.tuple(who, fc.constantFrom("x", ".", "a.b", `${"A".repeat(43)}.`)), (site, [from, text]) =>
    visitAs(site, from, [{ text, id: "", key: undefined }]),
  ),
  command("forged", who, (site, from) => {
    const { cookie } = jarOf(site, from.jar);
    const text = `${cookie?.id ?? "A".repeat(43)}.${"A".repeat(43)}`;
    return visitAs(site, from, [{ text, id: "", key: undefined }]);
  }),
  command("former", fc.tuple(who, fc.nat({ max: 9 }), some), (site, [from, n, acts]) => {
    const { former } = jarOf(site, from.jar);
    const cookie = former[n % Math.max(former.length, 1)];
    return visitAs(site, from, cookie ? [cookie] : [], acts);
  }),
  command("several cookies", fc.tuple(who, fc.boolean(), some), (site, [from, withFormer, acts]) => {
    const own = site.jars.flatMap(cookiesOf);
    const all = withFormer ? [...site.jars.flatMap(({ former }) => former), ...own] : own;
    const unique = [...new Map(all.map((cookie) => [cookie.text, cookie])).values()];
    return visitAs(site, from, unique, acts);
  }),
];

/** A request with other cookies than the browser's own. It keeps what it is given. */
async function visitAs(
  site: Site,
  { jar: n, process }: Who,
  brought: readonly { text: string; id: string; key: number | undefined }[],
  acts: readonly Act[] = [],
): Promise<void> {
  const jar = jarOf(site, n);
  await (await new Visit(site, process).open(brought)).act(acts).save(jar);
  await site.check(brought.map(({ id }) => id).filter((id) => site.ids.has(id)));
}

/** Requests of one browser at once: who comes twice in `order` is opened first, and saved then. */
const several = fc.array(fc.tuple(fc.nat({ max: 1 }), some), { minLength: 2, maxLength: 3 });
const atOnce = several.chain((requests) => {
  const order = requests.flatMap((_, n) => [n, n]);
  return fc.tuple(
    fc.constant(requests),
    fc.shuffledSubarray(order, { minLength: order.length }),
    fc.constantFrom(0, 0, 100_000, 300_000),
  );
});

const together = [
  command("inTurns", fc.tuple(fc.nat({ max: 2 }), atOnce), async (site, [n, [requests, order, pause]]) => {
    const jar = jarOf(site, n);
    const brought = cookiesOf(jar);
    const under = new Map<number, Visit>();
    for (const turn of order) {
      const [process, acts] = requests[turn] ?? [0, []];
      const known = under.get(turn);
      if (known) await known.act(acts).save(jar);
      else under.set(turn, await new Visit(site, process).open(brought));
      site.advance(pause);
    }
    await checkJar(site, jar);
  }),
  command("atOnce", fc.tuple(fc.nat({ max: 2 }), several), async (site, [n, requests]) => {
    const jar = jarOf(site, n);
    const visits: Visit[] = [];
    for (const [process, acts] of requests) {
      visits.push((await new Visit(site, process).open(cookiesOf(jar))).act(acts));
    }
    const replies = await Promise.all(visits.map((each) => each.ask()));
    await explain(site, jar, visits, replies);
    await checkJar(site, jar);
  }),
];

/** Finds the order in which saves that met would have had their answers, one after the other. */
async function explain(site: Site, jar: Jar, visits: readonly Visit[], replies: readonly Reply[]): Promise<void> {
  const failures: unknown[] = [];
  for (const order of ordersOf(visits.length)) {
    try {
      return await replay(
        site,
        jar,
        order.map((n) => [visits[n], replies[n]] as [Visit, Reply]),
      );
    } catch (error) {
      failures.push(error instanceof Error ? error.message : error);
    }
  }
  assert.fail(`no order of the saves explains their answers:\n${failures.join("\n")}`);
}

async function replay(site: Site, jar: Jar, turns: readonly (readonly [Visit, Reply])[]): Promise<void> {
  const before = site.world;
  let world = before;
  const steps = turns.map(([each, reply]) => {
    const step = each.expected(world);
    each.compareLoosely(step.answer, reply);
    world = each.after(step, reply);
    return { step, world };
  });
  const ids = [...site.ids, ...world.kept.keys()];
  site.world = world;
  await site.check(ids).catch((error: unknown) => {
    site.world = before;
    throw error;
  });
  turns.forEach(([each, reply], n) => {
    const { step } = steps[n] ?? {};
    if (step) each.accept(world, step, reply, jar);
  });
}

function ordersOf(count: number): number[][] {
  if (count === 0) return [[]];
  return ordersOf(count - 1).flatMap((order) =>
    Array.from({ length: count }, (_, at) => [...order.slice(0, at), count - 1, ...order.slice(at)]),
  );
}

const fault: fc.Arbitrary<Fault> = fc.record({ call: fc.integer({ min: 1, max: 4 }), applied: fc.boolean() });

const trouble = [
  command("openFails", who, async (site, { jar: n, process }) => {
    site.store.failAt({ call: 1, applied: false });
    const jar = jarOf(site, n);
    const asks = cookiesOf(jar).some(({ key }) => site.keys.includes(key ?? -1));
    const opening = new Visit(site, process).open(cookiesOf(jar));
    await (asks ? assert.rejects(opening, { code: "STORE" }) : opening);
    site.store.failAt(undefined);
  }),
  command("saveFails", fc.tuple(who, some, fault), async (site, [{ jar: n, process }, acts, what]) => {
    const jar = jarOf(site, n);
    const doubtful = (await new Visit(site, process).open(cookiesOf(jar))).act(acts);
    site.store.failAt(what);
    const step = doubtful.expected(site.world);
    const reply = await doubtful.ask();
    site.store.failAt(undefined);
    if (reply.error && reply.error.code !== step.answer.error) {
      assert.match(reply.error.code, /^(?:STORE|IN_DOUBT)$/);
      await resolve(site, doubtful, step.world);
    } else {
      doubtful.compareLoosely(step.answer, reply);
      doubtful.accept(doubtful.after(step, reply), step, reply, jar);
    }
    await checkJar(site, jar);
  }),
];

/** Finds out what a save has done that failed: nothing, all, or the old record is gone and the new one as well. */
async function resolve(site: Site, { request }: Visit, applied: World): Promise<void> {
  const before = site.world;
  const nameless = without(applied, "");
  const neither = request.regenerated && request.loaded ? [without(before, request.loaded.id)] : [];
  const failures: unknown[] = [];
  site.orphans++;
  for (const world of [before, nameless, ...neither]) {
    site.world = world;
    try {
      return await site.check();
    } catch (error) {
      failures.push(error instanceof Error ? error.message : error);
    }
  }
  assert.fail(`a save that failed left neither what was nor what was to be:\n${failures.join("\n")}`);
}

const time = [
  command("waitForTouch", fc.tuple(fc.nat({ max: 2 }), fc.constantFrom(-1, 0)), async (site, [n, by]) => {
    const kept = keptBy(site, n);
    if (kept && site.ground.time === "clock") forward(site, kept.expiresAt - DUE + by);
  }),
  command("wait", fc.constantFrom(100, 200, 300, 900, 2400), async (site, seconds) => site.advance(seconds * 1000)),
  command("waitForEnd", fc.tuple(fc.nat({ max: 2 }), fc.constantFrom(-1, 0, 1)), async (site, [n, by]) => {
    const kept = keptBy(site, n);
    if (kept && site.ground.time === "clock") forward(site, kept.expiresAt + by);
  }),
  command(
    "waitForLatest",
    fc.tuple(fc.nat({ max: 2 }), fc.constantFrom(-1, 0, 1), fc.boolean()),
    async (site, [n, by, long]) => {
      const kept = keptBy(site, n);
      if (kept) forward(site, kept.createdAt + (long ? 100_500_000 : 10_000_000) + by);
    },
  ),
];

/** Where the deadline of a session that nobody writes to becomes due to be moved. */
const DUE = 0.9 * TIMEOUTS.idle * 1000;

function keptBy(site: Site, n: number) {
  const { cookie } = jarOf(site, n);
  return cookie && liveOf(site.world, cookie.id, site.ground.time);
}

function forward(site: Site, to: number): void {
  if (to > site.world.now) site.advance(to - site.world.now);
}

const upkeep = [
  command("sweep", fc.constant(0), async (site) => void (await site.ground.store.deleteExpired?.())),
  command("newKey", fc.constant(0), async (site) => {
    site.generation++;
    site.restart();
  }),
  command("restart", fc.constant(0), async (site) => site.restart()),
];

/** Up to so many commands, in any order. */
export function commands(most: number, tally: Tally): fc.Arbitrary<Iterable<Command>> {
  const often = [...together, ...ordinary].map((arbitrary) => ({ weight: 3, arbitrary }));
  const rest = [...single, ...cookies, ...trouble, ...time, ...upkeep].map((arbitrary) => ({ weight: 2, arbitrary }));
  const any = fc.oneof(...often, ...rest).map((step) => new Counted(step, tally));
  return fc.commands([any], { maxCommands: most, size: "max" });
}
