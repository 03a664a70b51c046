import { type Browser, type Page, browser } from "../../../src/testing/browser.ts";
import { type Cluster, startCluster } from "../../servers/cluster.ts";
import type { Figure, Ground, Row } from "../figure.ts";
import { PLACES } from "../places.ts";
import { type Choose, chooseBy, shuffled } from "../schedules/random.ts";

const AT_ONCE = 50;

/** Four server processes behind a balancer, asked by browsers. */
export const servers: Figure = {
  goals: "G1 G2 G3",
  title: "over http: four processes behind a balancer, their requests held and let go in random order",
  places: Object.keys(PLACES),
  shortPlaces: ["file", "redis"],
  times: { deep: 5000, short: 100 },
  columns: ["store", "what", "requests", "as it should be", "asked again after 409"],
  async run(ground) {
    const cluster = await startCluster(ground);
    try {
      const choose = chooseBy(ground.seed);
      return [
        await changesOf(ground, cluster, choose, "set"),
        await changesOf(ground, cluster, choose, "count"),
        await endsOf(ground, cluster, choose),
      ];
    } finally {
      await cluster.stop();
    }
  },
};

/** Rounds of requests that have all loaded the session before the first one saves it. */
async function changesOf({ place, times, seed }: Ground, cluster: Cluster, choose: Choose, what: "set" | "count") {
  let [found, refused] = [0, 0];
  const failures: string[] = [];
  for (let round = 0; round < times / AT_ONCE; round++) {
    const tab = await visitor(cluster);
    const gates = Array.from({ length: AT_ONCE }, (_, n) => `${what}${round}-${n}`);
    const answers = gates.map((gate) => changed(tab, `/${what}/${gate}`, gate));
    await Promise.all(gates.map((gate) => cluster.held(gate)));
    const order = shuffled(gates, choose);
    for (const gate of order) cluster.letThrough(gate);
    refused += (await Promise.all(answers)).reduce((sum, again) => sum + again, 0);
    const data = await dataOf(tab);
    const here = what === "count" ? Number(data["count"]) : gates.filter((gate) => data[gate] === 1).length;
    found += here;
    if (here !== AT_ONCE) failures.push(`${here} of ${AT_ONCE} in round ${round}, let go as ${order.join(" ")}`);
  }
  const label = what === "set" ? "each sets a key of its own" : "each adds one by `update`";
  return rowOf([place, label, times, found, refused], `${place}, seed ${seed}`, failures);
}

/** Changes the session; who is refused for the sake of others asks again as a visitor would. Resolves with how often. */
async function changed(tab: Browser, path: string, gate: string): Promise<number> {
  let page = await tab.visit(`${path}/load/${gate}`);
  let again = 0;
  for (; page.status === 409; again++) page = await tab.visit(path);
  if (page.status !== 200) throw new Error(`${path} was answered with ${page.status}`);
  return again;
}

/** What is under way when the session is destroyed, and how it is to be answered. */
const UNDER_WAY: Readonly<Record<string, number>> = { read: 200, set: 200, flash: 200, regenerate: 409, login: 409 };

/** Sessions that another process destroys while a request holds them. */
async function endsOf({ place, times, seed }: Ground, cluster: Cluster, choose: Choose): Promise<Row> {
  const failures: string[] = [];
  const actions = Object.keys(UNDER_WAY);
  const rounds = Math.ceil(times / 10);
  const endings = Array.from({ length: rounds }, async (_, n) => {
    const action = actions[choose(actions.length)] ?? "";
    const wrong = await wrongEnd(cluster, action, `end${n}`);
    if (wrong !== undefined) failures.push(`${action} while another process destroyed it: ${wrong}`);
  });
  await Promise.all(endings);
  const cells = [place, "destroyed while a request holds it", rounds, rounds - failures.length, 0];
  return rowOf(cells, `${place}, seed ${seed}`, failures);
}

async function wrongEnd(cluster: Cluster, action: string, gate: string): Promise<string | undefined> {
  const tab = await visitor(cluster);
  const cookie = tab.cookies() ?? "";
  const answer = tab.visit(`/${action}/late/load/${gate}`);
  await cluster.held(gate);
  await tab.visit("/destroy");
  cluster.letThrough(gate);
  const { status, setCookies } = await answer;
  if (status !== UNDER_WAY[action] || setCookies.length > 0) return `answered ${status}, ${setCookies.length} cookies`;
  const visits = cluster.servers.map(() => tab.visit("/read", { cookie }));
  const isAnonymous = (await Promise.all(visits)).every((page) => parsed(page)["isNew"] === true);
  return isAnonymous ? undefined : "the old cookie authenticates";
}

/** A browser with a session. */
async function visitor({ url }: Cluster): Promise<Browser> {
  const tab = browser(url);
  await tab.visit("/set/owner");
  return tab;
}

async function dataOf(tab: Browser): Promise<Record<string, unknown>> {
  return parsed(await tab.visit("/read"));
}

function parsed({ text }: Page): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

function rowOf(cells: Row["cells"], where: string, [failure]: readonly string[]): Row {
  return failure === undefined ? { cells } : { cells, failure: `${where}: ${failure}` };
}
